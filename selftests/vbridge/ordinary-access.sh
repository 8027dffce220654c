#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The cases of access.sh on a bridge whose direct road is off.
export VNET_ROAD=ordinary
# shellcheck source=access.sh
. "$(dirname "$0")/access.sh"
