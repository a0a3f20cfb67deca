// SPDX-License-Identifier: MIT OR Apache-2.0
//! Key files: any text is a key file or an error, and a file read is the file written.

use poe_rollup::keys::KeyFile;

pub(crate) fn holds(text: &str) {
    if let Ok(file) = KeyFile::from_json(text) {
        let written = file.to_json().expect("a key file has a JSON form");
        assert_eq!(KeyFile::from_json(&written).expect("it was just written"), file);
    }
}
