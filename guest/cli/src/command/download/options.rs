//! What is downloaded, and how.

use std::path::PathBuf;
use std::rc::Rc;

use ftp_cli::arguments::TransferOptions;
use ftp_client::Representation;
use ftp_client::engine::{DownloadMode, DownloadPlan, FileVersion};

use super::super::context::Context;
use super::super::failure::Failure;
use super::super::jobs::Limiter;

/// What is downloaded.
#[derive(Debug, Clone)]
pub struct Job {
    /// On the server.
    pub path: String,
    /// Here.
    pub target: PathBuf,
    /// What a listing reported about it.
    pub listed: FileVersion,
    pub representation: Representation,
}

/// Its lines end otherwise on the server.
pub const NO_CHECKSUM_OF_TEXT: &str = "text has other bytes at the other side: --checksum does not go with it";

/// How files are downloaded.
pub struct DownloadOptions {
    /// That of an image.
    pub plan: DownloadPlan,
    pub checksum: bool,
    pub limiter: Rc<Limiter>,
}

impl DownloadOptions {
    pub fn new(context: &Context, options: &TransferOptions, segments: u16) -> Self {
        let plan = DownloadPlan {
            mode: if options.resume { DownloadMode::ResumeBySize } else { DownloadMode::Replace },
            representation: Representation::Image,
            sessions: usize::from(segments),
            keeps_time: !options.no_times,
            verify_size: context.verify_size,
            retry: options.retry(),
        };
        Self { plan, checksum: options.checksum, limiter: Limiter::new(context, options.limit_rate) }
    }

    /// Whether a file can be downloaded so that travels in this way.
    pub fn check(&self, representation: Representation) -> Result<(), Failure> {
        if representation != Representation::Ascii {
            return Ok(());
        }
        if self.plan.mode != DownloadMode::Replace || self.plan.sessions > 1 {
            return Err(Failure::usage("text is transferred as a whole: neither --resume nor --segments go with it"));
        }
        if self.checksum {
            return Err(Failure::usage(NO_CHECKSUM_OF_TEXT));
        }
        Ok(())
    }
}
