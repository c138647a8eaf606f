"""pyftpdlib as the tests need it.

Listens on 127.0.0.1, or the host that is named, and, where the machine has it, on ::1. The first line on standard output
is the port, once it listens; each further line is an event of the server. Ends when standard input ends, so that it
never outlives the test that started it.
"""

import argparse
import errno
import logging
import os
import socket
import sys
import threading
import unicodedata

from OpenSSL import SSL
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import DTPHandler, FTPHandler, ThrottledDTPHandler, TLS_DTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

ALL_RIGHTS = "elradfmwMT"
READ_RIGHTS = "elr"
BACKLOG = 1024


def folded(directory, name):
    """The member of the directory that has this name but for the case of letters."""
    members = os.listdir(directory) if os.path.isdir(directory) else []
    return next((member for member in members if member.lower() == name.lower()), name)


def short(directory, name):
    stem, dot, extension = name.partition(".")
    return stem[:8] + dot + extension[:3]


# By what a file system calls a file that is made with a name in a directory.
NAMES = {
    "folded": folded,
    "upper": lambda directory, name: name.upper(),
    "decomposed": lambda directory, name: unicodedata.normalize("NFD", name),
    "short": short,
}


def file_system(options):
    class FileSystem(AbstractedFS):
        def ftp2fs(self, path):
            path = super().ftp2fs(path)
            if not options.names:
                return path
            below = os.path.relpath(path, self.root)
            at = self.root
            for name in below.split(os.sep) if below != "." else []:
                at = os.path.join(at, NAMES[options.names](at, name))
            return at

        def lstat(self, path):
            return os.stat(path) if options.links_are_directories else os.lstat(path)

        def utime(self, path, timeval):
            if options.times == "ignored":
                return
            super().utime(path, timeval + (7200 if options.times == "shifted" else 0))

    return FileSystem


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True, help="home of user, password 12345")
    parser.add_argument("--anonymous-root", required=True, help="what anonymous may read")
    parser.add_argument("--host", default="127.0.0.1", help="where it listens for IPv4")
    parser.add_argument("--port", type=int, required=True, help="on both addresses")
    parser.add_argument("--passive-ports", help="FIRST-LAST; any unless given")
    parser.add_argument("--banner", default="pyftpdlib is ready.")
    parser.add_argument("--encoding", default="utf8")
    parser.add_argument("--read-only", action="store_true", help="user may not write either")
    parser.add_argument("--timeout", type=float, default=300, help="idle seconds until 421")
    parser.add_argument("--max-connections", type=int, default=0, help="per client address; 0: any number")
    parser.add_argument("--max-logins", type=int, default=10, help="wrong passwords until it hangs up")
    parser.add_argument("--rate", type=int, default=0, help="bytes a second in each direction; 0: as fast as it goes")
    parser.add_argument("--permit-foreign", action="store_true", help="data connections with other hosts")
    parser.add_argument("--without", action="append", default=[], help="a command that it does not know")
    parser.add_argument("--names", choices=NAMES, help="what it makes of the names of files; it keeps them unless given")
    parser.add_argument("--times", choices=("ignored", "shifted"), help="what becomes of those that MFMT sets")
    parser.add_argument("--links-are-directories", action="store_true", help="LIST shows them so, too, as MLSD does")
    parser.add_argument("--ignore-arguments", metavar="HOME", help="LIST and MLSD are of the working directory, at first HOME")
    parser.add_argument("--certificate", help="key and chain in PEM; with it, TLS is there")
    parser.add_argument("--implicit", action="store_true", help="TLS from the first byte on")
    parser.add_argument("--client-authority", help="clients need a certificate from the one in this PEM")
    return parser.parse_args()


def event(text):
    print(text, flush=True)


def tls_context(options):
    context = SSL.Context(TLS_FTPHandler.ssl_protocol)
    # At the usual level a weak key is not even loaded.
    context.set_cipher_list(b"DEFAULT@SECLEVEL=0")
    context.set_options(TLS_FTPHandler.ssl_options)
    context.use_certificate_chain_file(options.certificate)
    context.use_privatekey_file(options.certificate)
    if options.client_authority:
        context.load_verify_locations(options.client_authority)
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
        # Without it OpenSSL refuses to resume the sessions of clients that have a certificate.
        context.set_session_id(b"ftp-tests")
    return context


class Active(FTPHandler.active_dtp):
    def del_channel(self, map=None):
        # Once connected, the handler of the transfer has the socket. This object is closed with its session, and must not
        # take that number out of the loop then: by that time it may be one of another session, which would not be heard
        # any more.
        if self.ioloop.socket_map.get(self._fileno) is self:
            super().del_channel()


def handler(options):
    base = TLS_FTPHandler if options.certificate else FTPHandler

    class Dtp(ThrottledDTPHandler, TLS_DTPHandler if options.certificate else DTPHandler):
        read_limit = options.rate
        write_limit = options.rate

    class Handler(base):
        active_dtp = Active
        authorizer = DummyAuthorizer()
        banner = options.banner
        encoding = options.encoding
        timeout = options.timeout
        max_login_attempts = options.max_logins
        auth_failed_timeout = 0
        permit_foreign_addresses = options.permit_foreign
        abstracted_fs = file_system(options)
        proto_cmds = {name: entry for name, entry in base.proto_cmds.items() if name not in options.without}

        def on_connect(self):
            event(f"connection from {self.remote_ip}")

        def on_login(self, username):
            self.fs.cwd = options.ignore_arguments or "/"

        def ftp_LIST(self, path):
            return super().ftp_LIST(self.fs.ftp2fs(self.fs.cwd) if options.ignore_arguments else path)

        def ftp_MLSD(self, path):
            return super().ftp_MLSD(self.fs.ftp2fs(self.fs.cwd) if options.ignore_arguments else path)

        def handle_timeout(self):
            super().handle_timeout()
            event("idle timeout")

    class ImplicitHandler(Handler):
        def handle(self):
            self.secure_connection(self.ssl_context)

        def handle_ssl_established(self):
            super().handle()

    if options.certificate:
        Handler.ssl_context = tls_context(options)
    if options.passive_ports:
        first, last = map(int, options.passive_ports.split("-"))
        Handler.passive_ports = range(first, last + 1)
    if options.rate:
        Handler.dtp_handler = Dtp
    rights = READ_RIGHTS if options.read_only else ALL_RIGHTS
    Handler.authorizer.add_user("user", "12345", options.root, perm=rights)
    Handler.authorizer.add_anonymous(options.anonymous_root)
    return ImplicitHandler if options.implicit else Handler


def bind(family, host, port):
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def bind_both(host, port):
    v4 = bind(socket.AF_INET, host, port)
    try:
        return [v4, bind(socket.AF_INET6, "::1", port)]
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise
        return [v4]


def end_with_standard_input():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    options = parse_arguments()
    logging.basicConfig(level=logging.INFO)
    loop = IOLoop()
    sockets = bind_both(options.host, options.port)
    handle = handler(options)
    for sock in sockets:
        server = FTPServer(sock, handle, ioloop=loop, backlog=BACKLOG)
        server.max_cons = 0
        server.max_cons_per_ip = options.max_connections
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    event(options.port)
    loop.loop()


if __name__ == "__main__":
    main()
