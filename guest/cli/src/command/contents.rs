//! The contents of files of this machine, by WASI itself: there a piece is one call, done when it returns. That of the
//! standard library opens a stream for each piece, and waits for a thread of the host.

use std::fs;
use std::io;
use std::path::Path;

use wasi::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

use super::sandbox::located;

/// A path that no opened folder holds, in the numbers of the standard library.
const NOT_CAPABLE: i32 = 76;

/// An open file.
pub struct Contents(Descriptor);

impl Contents {
    /// A file to be read. Links are followed.
    pub fn source(path: &Path) -> io::Result<Self> {
        Self::open(path, PathFlags::SYMLINK_FOLLOW, OpenFlags::empty(), DescriptorFlags::READ)
    }

    /// A file that is there, to be changed. A link is not followed.
    pub fn existing(path: &Path) -> io::Result<Self> {
        Self::open(path, PathFlags::empty(), OpenFlags::empty(), DescriptorFlags::READ | DescriptorFlags::WRITE)
    }

    /// A device to be written.
    pub fn device(path: &Path) -> io::Result<Self> {
        Self::open(path, PathFlags::empty(), OpenFlags::empty(), DescriptorFlags::WRITE)
    }

    /// A file of this name that was not there before. Whatever had the name is gone, and a link is not followed.
    pub fn fresh(path: &Path) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
        Self::open(path, PathFlags::empty(), OpenFlags::CREATE | OpenFlags::EXCLUSIVE, flags)
    }

    fn open(path: &Path, links: PathFlags, how: OpenFlags, flags: DescriptorFlags) -> io::Result<Self> {
        let (folder, name) = located(path).ok_or_else(|| io::Error::from_raw_os_error(NOT_CAPABLE))?;
        folder.open_at(links, &name, how, flags).map(Self).map_err(failed)
    }

    /// Whether bytes can be written at an offset, which pipes and terminals do not have. None are written.
    pub fn has_places(&self) -> bool {
        self.0.write(&[], 0).is_ok()
    }

    /// Its bytes.
    pub fn size(&self) -> io::Result<u64> {
        self.0.stat().map(|found| found.size).map_err(failed)
    }

    /// Check that it has these bytes, as all that was written has to be there before it counts as whole.
    pub fn check_size(&self, bytes: u64) -> io::Result<()> {
        match self.size()? {
            size if size == bytes => Ok(()),
            size => Err(io::Error::other(format!("{bytes} bytes were written, and the file has {size}"))),
        }
    }

    /// Cut it, or fill it with zeros.
    pub fn set_size(&self, size: u64) -> io::Result<()> {
        self.0.set_size(size).map_err(failed)
    }

    /// Append at most `max` bytes that stand at this offset; 0 is the end.
    pub fn read_at(&self, offset: u64, buffer: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        let bytes = loop {
            match self.0.read(max as u64, offset) {
                Err(ErrorCode::Interrupted) => {}
                read => break read.map_err(failed)?.0,
            }
        };
        let count = bytes.len();
        if buffer.is_empty() {
            *buffer = bytes;
        } else {
            buffer.extend_from_slice(&bytes);
        }
        Ok(count)
    }

    /// Write all of these bytes at this offset. Afterwards the system has them: nothing is under way any more.
    pub fn write_at(&self, mut offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = match self.0.write(rest, offset) {
                Err(ErrorCode::Interrupted) => continue,
                written => written.map_err(unwritten)?,
            };
            let written = usize::try_from(count).ok().filter(|count| *count > 0);
            rest = written.and_then(|count| rest.get(count..)).ok_or(io::ErrorKind::WriteZero)?;
            offset += count;
        }
        Ok(())
    }
}

/// Why a write failed: in words that are the same on every system.
fn unwritten(code: ErrorCode) -> io::Error {
    match code {
        ErrorCode::InsufficientSpace | ErrorCode::Quota => io::ErrorKind::StorageFull.into(),
        ErrorCode::FileTooLarge => io::ErrorKind::FileTooLarge.into(),
        code => failed(code),
    }
}

/// An error of WASI, as the standard library has it: by its number in the first preview.
fn failed(code: ErrorCode) -> io::Error {
    io::Error::from_raw_os_error(match code {
        ErrorCode::Access => 2,
        ErrorCode::WouldBlock => 6,
        ErrorCode::Already => 7,
        ErrorCode::BadDescriptor => 8,
        ErrorCode::Busy => 10,
        ErrorCode::Deadlock => 16,
        ErrorCode::Quota => 19,
        ErrorCode::Exist => 20,
        ErrorCode::FileTooLarge => 22,
        ErrorCode::IllegalByteSequence => 25,
        ErrorCode::InProgress => 26,
        ErrorCode::Interrupted => 27,
        ErrorCode::Invalid => 28,
        ErrorCode::Io => 29,
        ErrorCode::IsDirectory => 31,
        ErrorCode::Loop => 32,
        ErrorCode::TooManyLinks => 34,
        ErrorCode::MessageSize => 35,
        ErrorCode::NameTooLong => 37,
        ErrorCode::NoDevice => 43,
        ErrorCode::NoEntry => 44,
        ErrorCode::NoLock => 46,
        ErrorCode::InsufficientMemory => 48,
        ErrorCode::InsufficientSpace => 51,
        ErrorCode::NotDirectory => 54,
        ErrorCode::NotEmpty => 55,
        ErrorCode::NotRecoverable => 56,
        ErrorCode::Unsupported => 58,
        ErrorCode::NoTty => 59,
        ErrorCode::NoSuchDevice => 60,
        ErrorCode::Overflow => 61,
        ErrorCode::NotPermitted => 63,
        ErrorCode::Pipe => 64,
        ErrorCode::ReadOnly => 69,
        ErrorCode::InvalidSeek => 70,
        ErrorCode::TextFileBusy => 74,
        ErrorCode::CrossDevice => 75,
    })
}
