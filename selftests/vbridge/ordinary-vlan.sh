#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The cases of vlan.sh on a bridge whose direct road is off.
# TIMEOUT: 600
export VNET_ROAD=ordinary
# shellcheck source=vlan.sh
. "$(dirname "$0")/vlan.sh"
