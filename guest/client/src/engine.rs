//! The transfer engine: files that arrive although connections are lost, by one session or by several.
//!
//! | file | what it decides |
//! |---|---|
//! | `copy` | the loop that moves bytes; what they come from and go to; who looks at it and sets the pace |
//! | `backoff` | how many attempts there are, and the wait before each |
//! | `remote` | the commands, where paths are not those of a session; what a refused offset is |
//! | `version` | what is known of a file: whether it is still the same, and whether all of it arrived |
//! | `ranges`, `segments` | a file in parts, each by a session of its own |
//! | `download`, `fetch`, `upload` | one attempt after another, each from where the last one stopped |
//!
//! Out of scope: where sessions come from; the caller opens them, logs in, and goes to the directory.
//!
//! ```
//! use ftp_client::engine::{UploadPlan, upload};
//! use ftp_client::{Error, Network, Session, Settings};
//!
//! async fn put<N: Network>(network: N, contents: &[u8]) -> Result<(), Error> {
//!     let open = async || {
//!         let mut session = Session::connect(network.clone(), Settings::default(), "ftp.example.com", 21).await?;
//!         session.login("user", "password", None).await?;
//!         Ok(session)
//!     };
//!     upload(&network, open, "incoming/file.bin", &contents, &UploadPlan::default()).await?;
//!     Ok(())
//! }
//! ```

mod backoff;
mod copy;
mod download;
mod fetch;
mod ranges;
mod remote;
mod segments;
mod upload;
mod version;

pub use backoff::{Missed, Retry, repeat};
pub use copy::{At, CopyError, Observer, ReadAt, ReadNext, WriteAt, WriteNext};
pub use download::{DownloadMode, DownloadPlan, ReceiveError, ResumableDownload, Span, receive};
pub use fetch::{Arrived, fetch};
pub use ranges::add_range;
pub use remote::{Remote, refuses_offset};
pub use segments::{Failed, Fetched, Resume, Segments, download, download_once};
pub use upload::{ResumableUpload, Stored, UploadMode, UploadPlan, upload};
pub use version::{FileVersion, SizeSource};
