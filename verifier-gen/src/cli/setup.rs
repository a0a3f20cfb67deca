// SPDX-License-Identifier: MIT OR Apache-2.0
//! `verifier-gen srs`, and where other commands take their setup from.

use super::progress::counted;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use halo2_base::halo2_proofs::halo2curves::bn256::Bn256;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use poe_prover::cache::Cache;
use poe_verifier_gen::srs::{self, Standing};
use std::path::PathBuf;

/// How a ceremony's powers are written.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    /// snarkjs: powersOfTau28_hez_final_NN.ptau and the like.
    #[default]
    Ptau,
    /// A challenge of the Perpetual Powers of Tau, uncompressed.
    Challenge,
    /// gnark, compressed: EigenDA's g1.point, with g2.point or g2.point.powerOf2 as --g2.
    Compressed,
}

/// Makes, imports and checks trusted setups.
#[derive(Debug, Subcommand)]
pub(crate) enum Srs {
    /// Write the development setup. INSECURE: its secret is known to everybody.
    Dev {
        /// log2 of the rows.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=28))]
        k: u32,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Read a ceremony's powers of tau, check them all, and write them as a setup.
    Import {
        /// The powers.
        file: PathBuf,
        /// How they are written.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        /// log2 of the powers of a challenge file.
        #[arg(long, default_value_t = 28)]
        power: u32,
        /// The powers in G2, where they have a file of their own.
        #[arg(long, required_if_eq("format", "compressed"))]
        g2: Option<PathBuf>,
        /// log2 of the rows to keep; all there are if left out.
        #[arg(long)]
        k: Option<u32>,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
        /// Take a ceremony that is not among the known ones.
        #[arg(long)]
        allow_unknown: bool,
    },
    /// Check every point of a setup that was written here.
    Check {
        /// The file.
        file: PathBuf,
    },
}

impl Srs {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Dev { k, out } => {
                let params = counted("development setup", 2 << k, |progress| srs::development(k, progress));
                srs::write(&out, &params)?;
                eprintln!("INSECURE: everybody knows the secret of this setup");
                describe(&params);
                Ok(())
            }
            Self::Import {
                file,
                format,
                power,
                g2,
                k,
                out,
                allow_unknown,
            } => {
                let params = counted("powers", k.map_or(0, |k| 1 << k), |progress| match format {
                    Format::Ptau => srs::import_ptau(&file, k, progress),
                    Format::Challenge => srs::import_challenge(&file, power, k, progress),
                    Format::Compressed => srs::import_compressed(&file, g2.as_deref().unwrap_or(&file), k, progress),
                });
                let params = params.with_context(|| file.display().to_string())?;
                accept(&params, allow_unknown)?;
                srs::write(&out, &params)?;
                describe(&params);
                Ok(())
            }
            Self::Check { file } => {
                let params = srs::read(&file)?;
                srs::check(&params)?;
                describe(&params);
                Ok(())
            }
        }
    }
}

fn accept(params: &ParamsKZG<Bn256>, allow_unknown: bool) -> Result<()> {
    match srs::standing(&params.s_g2()) {
        Standing::Ceremony(_) => Ok(()),
        Standing::Denied(why) => bail!("this setup is refused: {why}"),
        Standing::Unknown if allow_unknown => {
            eprintln!("[tau]_2 is that of no known ceremony; taken because --allow-unknown was given");
            Ok(())
        }
        Standing::Unknown => bail!("[tau]_2 is that of no known ceremony; --allow-unknown takes it nevertheless"),
    }
}

fn describe(params: &ParamsKZG<Bn256>) {
    use halo2_base::halo2_proofs::poly::commitment::Params;
    let tau = params.s_g2();
    println!("rows: 2^{}", params.k());
    println!("[tau]_2: x = ({:?}, {:?})", tau.x.c0, tau.x.c1);
    println!("         y = ({:?}, {:?})", tau.y.c0, tau.y.c1);
    println!("standing: {}", srs::standing(&tau));
}

/// Where the setup comes from.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// A setup that `srs import` wrote.
    #[arg(
        long,
        conflicts_with = "insecure_dev_srs",
        required_unless_present = "insecure_dev_srs"
    )]
    srs: Option<PathBuf>,
    /// Use the development setup, with which everybody can prove false statements.
    #[arg(long)]
    insecure_dev_srs: bool,
    /// Folder that keeps what takes long to make.
    #[arg(long)]
    pub(crate) cache: Option<PathBuf>,
}

impl Source {
    /// The setup for 2^k rows.
    pub(crate) fn params(&self, k: u32) -> Result<ParamsKZG<Bn256>> {
        let Some(path) = &self.srs else {
            let make = || counted("development setup", 2 << k, |progress| srs::development(k, progress));
            return Ok(match &self.cache {
                Some(folder) => srs::cached(&Cache::new(folder), k, make)?,
                None => make(),
            });
        };
        let params = srs::read(path).with_context(|| path.display().to_string())?;
        Ok(srs::truncate(params, k)?)
    }
}
