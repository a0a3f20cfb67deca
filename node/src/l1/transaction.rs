// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls that are signed here: their hash is known before they are sent.

use alloy::consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718 as _;
use alloy::network::TxSignerSync as _;
use alloy::primitives::{Address, B256, Bytes, TxKind, U256};
use alloy::signers::local::PrivateKeySigner;

/// A signed transaction.
pub(crate) struct Signed {
    pub(crate) hash: B256,
    pub(crate) raw: Bytes,
}

/// Signs a call without ether. It offers so many wei for a unit of gas at most, and of these so many to the block's producer.
pub(crate) fn sign_call(
    signer: &PrivateKeySigner,
    chain_id: u64,
    nonce: u64,
    to: Address,
    data: Bytes,
    gas: u64,
    (max_fee, priority_fee): (u128, u128),
) -> Result<Signed, alloy::signers::Error> {
    let mut transaction = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: gas,
        max_fee_per_gas: max_fee,
        max_priority_fee_per_gas: priority_fee,
        to: TxKind::Call(to),
        value: U256::ZERO,
        access_list: alloy::eips::eip2930::AccessList::default(),
        input: data,
    };
    let signature = signer.sign_transaction_sync(&mut transaction)?;
    let envelope = TxEnvelope::Eip1559(transaction.into_signed(signature));
    Ok(Signed {
        hash: *envelope.tx_hash(),
        raw: envelope.encoded_2718().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::consensus::Transaction as _;
    use alloy::eips::eip2718::Decodable2718 as _;

    #[test]
    fn a_signed_transaction_says_what_it_was_asked_to_and_who_signed() {
        let signer = PrivateKeySigner::random();
        let (to, data) = (Address::repeat_byte(5), Bytes::from_static(&[1, 2, 3]));
        let signed = sign_call(&signer, 31_337, 9, to, data, 50_000, (70, 3)).unwrap();
        let read = TxEnvelope::decode_2718(&mut signed.raw.as_ref()).unwrap();
        let signed_by = read.signature().recover_address_from_prehash(&read.signature_hash());
        assert_eq!(signed_by.unwrap(), signer.address());
        assert_eq!((read.chain_id(), read.nonce()), (Some(31_337), 9));
        assert_eq!((read.to(), read.gas_limit()), (Some(to), 50_000));
        assert_eq!((read.max_fee_per_gas(), read.input().as_ref()), (70, &[1, 2, 3][..]));
        assert_eq!(read.max_priority_fee_per_gas(), Some(3));
        assert_eq!(*read.tx_hash(), signed.hash);
    }
}
