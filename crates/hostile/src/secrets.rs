//! URLs with keys, in the forms in which providers give them out and people mistype them.

/// The key, which no output may contain in any case.
pub const SECRET: &str = "s3cret";

/// URLs of no host, each with the key.
pub const SPELLINGS: [&str; 9] = [
    "http://127.0.0.1:1?api-key=s3cretkey",
    "http://127.0.0.1:1/?api-key=S3CRETKEY&x=1",
    "HTTP://127.0.0.1:1/v2/s3cretkey",
    "http://s3cretuser:s3cretkey@127.0.0.1:1",
    "http://LOCALHOST:1/s3cretkey#s3cret",
    "https://127.0.0.1:443/s3cretkey/",
    "ftp://127.0.0.1:1/s3cretkey",
    "127.0.0.1:1/s3cretkey",
    "s3cretkey",
];

/// Whether a text contains the key.
#[must_use]
pub fn shows(text: &str) -> bool {
    text.to_ascii_lowercase().contains(SECRET)
}
