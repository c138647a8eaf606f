//! Trees of files: walking them on a server, and what has to be done so that one becomes like another.
//!
//! In scope: the recursive listing ([`Walk`]), with limits, and with an account of how each listing ended; the plan of a
//! mirror ([`Draft`], [`Plan`]), which is the same in both directions and between two servers; patterns ([`Patterns`]);
//! which names are safe ([`Names`]).
//!
//! Out of scope: files of this machine. Whoever has them describes them as a [`Tree`] too, and carries out the steps of
//! the plan. Also links, which are never made, and times of directories.
//!
//! A server may be mistaken, or lie. So nothing is deleted where a listing of the source is not certain to be complete or to
//! be that of the directory ([`Doubt`]), no step goes through a link or to a name that is more than a name, and what is left
//! out is reported with the reason. A server may show a link as the directory that it leads to, in `MLSD` alone or in both
//! listings ([`Walk::kinds`]), and give a file another name than that by which it was sent ([`Walk::names`]). A
//! program that deletes on a server looks for both first.
//!
//! ```
//! use ftp_client::mirror::{Draft, Plan, PlanOptions, RelativePath, Side, Step, Times, Tree, WalkOptions, times, walk};
//! use ftp_client::{Error, Network, Session};
//!
//! /// What has to be done here so that `here` becomes like the directory `pub` of the server.
//! async fn plan<N: Network>(session: &mut Session<N>, here: &Tree) -> Result<Plan, Error> {
//!     let options = PlanOptions { delete: true, keep_times: true, ..PlanOptions::default() };
//!     let there = walk(session, Some("pub"), WalkOptions::default()).await?;
//!     let draft = Draft::new(&there, here, &options);
//!     let unknown = draft.needs_time().filter(|(side, _)| *side == Side::Source).map(|(_, path)| path);
//!     let known = times(session, Some("pub"), unknown).await?;
//!     let known: Times = known.into_iter().map(|(path, time)| ((Side::Source, path.clone()), time)).collect();
//!     Ok(draft.finish(&known))
//! }
//!
//! /// What a program that only tells what it would do prints.
//! fn dry_run(plan: &Plan) -> Vec<String> {
//!     let line = |step: &Step| match step {
//!         Step::MakeDirectory(path) => format!("mkdir {path:?}"),
//!         Step::Transfer { path, why, .. } => format!("get {path:?} ({why:?})"),
//!         Step::SetTime(path, time) => format!("touch {path:?} {}", time.seconds),
//!         Step::DeleteFile(path) => format!("rm {path:?}"),
//!         Step::RemoveDirectory(path) => format!("rmdir {path:?}"),
//!     };
//!     plan.steps.iter().map(line).collect()
//! }
//!
//! // Nothing to be done, without a server.
//! let options = PlanOptions::default();
//! let plan = Draft::new(&Tree::empty(), &Tree::empty(), &options).finish(&Times::new());
//! assert!(dry_run(&plan).is_empty());
//! assert_eq!(RelativePath::from_iter(["a", "b"]).to_string(), "a/b");
//! ```

mod lister;
mod names;
mod patterns;
mod plan;
mod print;
mod times;
mod tree;
mod walk;

pub use lister::{Lister, Look};
pub use names::{Likenesses, Names, Unsafe};
pub use patterns::{Patterns, Rule};
pub use plan::{Compare, Doubtful, Draft, Keep, Plan, PlanOptions, Reason, Side, Skipped, Step, Times, Why};
pub use times::times;
pub use tree::{Doubt, End, Folder, Item, RelativePath, Tree, WalkLimit};
pub use walk::{Order, Visited, Walk, WalkOptions, walk};
