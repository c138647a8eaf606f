//! Why a listing is doubtful, in words.

use ftp_client::mirror::Doubt;

/// Why a listing may not be that of all that there is.
pub fn why_doubtful(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::NoLineEnd => "its listing has no line end at its end, and may be cut off",
        Doubt::NoCloseNotify => "its listing ended without close_notify, and may be cut off",
        Doubt::LikeParent => "its listing is the same as that of the directory above",
        Doubt::UnknownMember => "its listing names a directory that the server does not know",
        Doubt::NotEntered => "it cannot be entered, and some servers list another one then",
        Doubt::NoWayBack => {
            "the server does not report the working directory (PWD), so that it is listed in one way only; a path from the \
             root, as in ftp://host//path, needs none"
        }
        Doubt::Refused => "the server refuses to list it, and says that there are no files",
        Doubt::Changed => "its listing was another one the second time",
        Doubt::Link => "it is a link, so that what is in it is elsewhere",
        Doubt::Unreadable => "the system does not give the names of some of its files, which are no UTF-8",
    }
}
