// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every decoder: no panic on any bytes, and what decodes encodes to the same bytes.

use poe_rollup::formats::{BatchData, Exit, Message, Slot};
use poe_rollup::poseidon::Digest;
use poe_rollup::schnorr::PublicKey;
use poe_rollup::state::Account;

pub(crate) fn holds(data: &[u8]) {
    if let Some(bytes) = data.first_chunk() {
        assert_eq!(&Slot::decode(bytes).encode(), bytes);
    }
    if let Some(bytes) = data.first_chunk() {
        let message = Message::decode(bytes);
        assert_eq!(&message.encode(), bytes);
        let _ = message.key_point().check_key();
    }
    if let Some(bytes) = data.first_chunk() {
        assert_eq!(&Exit::decode(bytes).encode(), bytes);
    }
    if let Some(Ok(digest)) = data.first_chunk().map(Digest::from_bytes) {
        assert_eq!(digest.to_bytes(), data[..32]);
    }
    if let Some(Ok(key)) = data.first_chunk().map(PublicKey::from_bytes) {
        assert_eq!(key.to_bytes(), data[..PublicKey::BYTES]);
    }
    if let Some(Ok(account)) = data.first_chunk().map(Account::from_bytes) {
        assert_eq!(account.to_bytes(), data[..Account::BYTES]);
        assert!(account.is_in_range());
    }
    if let Ok(batch) = BatchData::decode(data, 16) {
        assert_eq!(batch.encode(), data);
    }
}
