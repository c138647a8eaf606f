//! What took how long.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use ftp_cli::figures::{grouped, rate, time};

pub struct Table {
    title: &'static str,
    rows: Vec<[String; 4]>,
}

impl Table {
    /// The title stands over the operations.
    pub fn new(title: &'static str) -> Self {
        Self { title, rows: Vec::new() }
    }

    /// Without bytes there is no rate either.
    pub fn add(&mut self, operation: &str, bytes: Option<u64>, elapsed: Duration) {
        let (bytes, rate) = match bytes {
            Some(bytes) => (grouped(bytes), rate(bytes, elapsed)),
            None => (String::new(), String::new()),
        };
        self.rows.push([operation.to_owned(), bytes, rate, time(elapsed)]);
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let head = [self.title, "bytes", "MB/s", "time"].map(str::to_owned);
        let rule = ["-".repeat(28), "-".repeat(17), "-".repeat(9), "-".repeat(10)];
        for [operation, bytes, rate, time] in [&head, &rule].into_iter().chain(&self.rows) {
            writeln!(f, "{operation:<28} {bytes:>17} {rate:>9} {time:>10}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new("operation");
        table.add("upload", Some(1_500_000), Duration::from_secs(1));
        table.add("list", None, Duration::from_millis(5));
        let table = table.to_string();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[2], "upload                               1,500,000       1.5     1.00 s");
        assert_eq!(lines[3], "list                                                         5.0 ms");
    }
}
