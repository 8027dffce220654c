#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The cases of fdb.sh on a bridge whose direct road is off.
export VNET_ROAD=ordinary
# shellcheck source=fdb.sh
. "$(dirname "$0")/fdb.sh"
