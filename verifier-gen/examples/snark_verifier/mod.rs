// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contract that snark-verifier generates, to compare with.

use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fq, Fr, G1Affine};
use halo2_base::halo2_proofs::plonk::VerifyingKey;
use halo2_base::halo2_proofs::poly::commitment::ParamsProver;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use snark_verifier::loader::evm::EvmLoader;
use snark_verifier::pcs::kzg::{Bdfg21, KzgAs};
use snark_verifier::system::halo2::transcript::evm::EvmTranscript;
use snark_verifier::system::halo2::{Config, compile};
use snark_verifier::verifier::SnarkVerifier;
use snark_verifier::verifier::plonk::PlonkVerifier;
use std::rc::Rc;

/// Name of the contract.
pub(crate) const NAME: &str = "Halo2Verifier";

/// Source of the contract, with this project's compiler in its first line. It is called with the public words and the
/// proof, one behind the other.
pub(crate) fn contract(params: &ParamsKZG<Bn256>, key: &VerifyingKey<G1Affine>, inputs: usize) -> String {
    type Verifier = PlonkVerifier<KzgAs<Bn256, Bdfg21>>;
    let protocol = compile(params, key, Config::kzg().with_num_instance(vec![inputs]));
    let deciding = (params.get_g()[0], params.g2(), params.s_g2()).into();
    let loader = EvmLoader::new::<Fq, Fr>();
    let protocol = protocol.loaded(&loader);
    let mut transcript = EvmTranscript::<_, Rc<EvmLoader>, _, _>::new(&loader);
    let instances = transcript.load_instances(vec![inputs]);
    let proof = Verifier::read_proof(&deciding, &protocol, &instances, &mut transcript).expect("a class it supports");
    Verifier::verify(&deciding, &protocol, &instances, &proof).expect("a class it supports");
    loader
        .solidity_code()
        .replace("pragma solidity 0.8.19;", "pragma solidity 0.8.30;")
}
