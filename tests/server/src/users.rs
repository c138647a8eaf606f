//! Who may log in.

use async_trait::async_trait;
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, Principal};

/// The user that may do everything.
pub const USER: &str = "user";

/// The password of [`USER`].
pub const PASSWORD: &str = "12345";

/// The user without a password of its own, by custom.
const ANONYMOUS: &str = "anonymous";

/// [`USER`] and, where it is allowed, `anonymous` with any password.
#[derive(Debug)]
pub(crate) struct Users {
    pub(crate) anonymous: bool,
}

#[async_trait]
impl Authenticator for Users {
    async fn authenticate(&self, user: &str, credentials: &Credentials) -> Result<Principal, AuthenticationError> {
        let welcome = match user {
            USER => credentials.password.as_deref() == Some(PASSWORD),
            ANONYMOUS => self.anonymous,
            _ => return Err(AuthenticationError::BadUser),
        };
        if !welcome {
            return Err(AuthenticationError::BadPassword);
        }
        Ok(Principal { username: user.to_owned() })
    }
}
