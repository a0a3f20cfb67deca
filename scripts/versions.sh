# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=bash disable=SC2034
# The one place where the versions of tools outside package.json and Cargo.lock are pinned. Sourced, never run.

FOUNDRY_VERSION=1.7.1
SOLC_VERSION=0.8.30
# The soljson.js of npm solc 0.8.30 (0.8.30+commit.73712a01), kept beside the wrapper that stands in for a native solc.
SOLJSON_SHA256=3bb491a777f76dff9b2fe73ce29ca20e21a971b59a2f2cf8f73415424f00be06
FORGE_STD_REVISION=60acb7aaadcce2d68e52986a0a66fe79f07d138f
FORGE_STD_REPOSITORY=https://github.com/foundry-rs/forge-std
NODE_MAJOR=20
NEXTEST_VERSION=0.9.143
BULLOAK_VERSION=0.9.2
CARGO_DENY_VERSION=0.20.2
CARGO_MUTANTS_VERSION=27.1.0
