//! Lines that are none of a member.

use super::*;

#[test]
fn list_lines_that_are_not_understood_stay_lines() {
    for line in [
        "hello",
        "f.bin",
        " -rw-r--r-- 1 a b 1 Jun 15 10:18 x",
        "-rw-r--r--",
        "-rw-r--r-- 1 a b 1 Jun 15 10:18",
        "-rw-r--r-- 1 a b 1 Jun 15 10:18 ",
        "-rw-r--r--1 a b 1 Jun 15 10:18 x",
        "-rw-r--r--++ 1 a b 1 Jun 15 10:18 x",
        "-rw-r--r-? 1 a b 1 Jun 15 10:18 x",
        "-rw-r--r-s 1 a b 1 Jun 15 10:18 x",
        "-rwtr--r-- 1 a b 1 Jun 15 10:18 x",
        "?rw-r--r-- 1 a b 1 Jun 15 10:18 x",
        "-rw-r--r-- 1 a b c Jun 15 10:18 x",
        "-rw-r--r-- 1 a b 1 Junius 15 10:18 x",
        "-rw-r--r-- 1 a b 1 Jun 15 205 x",
        "-rw-r--r-- 1 a b 1 Jun 15 10:18 d1/f.bin",
        "-rw-r--r-- 1 a b 1 Jun 15 10:18 /etc/passwd",
        "-rw-r--r-- 1 a b 1 Jun 15 10:18 ../x",
        "drwxr-xr-x 1 a b 1 Jun 15 10:18 d/",
        "06-15-024  10:18AM  1 x",
        "06-15-24-1  10:18AM  1 x",
        "06-15-24  10:18XM  1 x",
        "06-15-24  10:18AM  1",
        "06-15-24  10:18AM  1 ",
        "06-15-24  10:18AM  <DIR>",
        "06-15-24  10:18AM  <DIR>   ",
        "06-15-24  10:18AM  <OTHER>  x",
        "06-15-24  10:18AM  1,06 x",
        "06-15-24  10:18AM  1063,000 x",
        "06-15-24  10:18AM  ,063 x",
        r"06-15-24  10:18AM  1 a\b",
        "06-15-24  10:18AM  1 a/b",
        r"06-15-24  10:18AM  <DIR>  ..\x",
        "total",
        "total x",
        "+ see\talso",
        "U 1 04/03/05 10:18:00 *stmf x",
        "U 1 *STMF x",
        "hello *WORLD again",
        "A;1 B;2",
        "A;1 owner",
        "A[1];1  1  2-JUN-1998 07:32:04",
        "512 AUG-30-2000 x",
        "X Y F 1 2 3 1999-09-20 17:16:18",
        "d (RWCEAFMS) a 512 Jun 25  2007 x",
        "-C--E-----FTP C Q 18128 41 Aug 12 13:56 x",
    ] {
        assert_eq!(list(line), Listed::Unparsed(line.to_string()));
    }
}

#[test]
fn list_lines_without_a_member_are_skipped() {
    for line in [
        "",
        " ",
        "\t",
        "total 0",
        "Total 12",
        "total 99999999999 ",
        "drwxr-xr-x 2 a b 1 Jun 15 10:18 .",
        "drwxr-xr-x 2 a b 1 Jun 15  2005 ..",
        "06-15-24  10:18AM       <DIR>          .",
        "06-15-24  10:18AM       <DIR>          ..",
    ] {
        assert_eq!(list(line), Listed::Skipped, "{line}");
    }
}
