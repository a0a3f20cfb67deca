// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]

pub mod bn254;
pub mod cache;
pub mod check;
pub mod config;
pub mod format;
pub mod gadgets;
pub mod gates;
pub mod hunt;
pub mod layers;
pub mod leaf;
pub mod lock;
pub mod pipeline;
pub mod rows;
pub mod security;
pub mod word;
