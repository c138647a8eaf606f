"""One piece of work by ftplib. Prints its seconds, and the seconds of processors that it took."""

import ftplib
import resource
import ssl
import sys
import threading
import time

CHUNK = 65536

work, host, port, way = sys.argv[1:5]
files, clients, connects, entries = map(int, sys.argv[5:])


def login():
    if way == "tls":
        ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile="ca.pem"), timeout=60)
    else:
        ftp = ftplib.FTP(timeout=60)
    ftp.connect(host, int(port))
    ftp.login("user", "12345")
    if way == "tls":
        ftp.prot_p()
    return ftp


def down(ftp, name):
    with open("down/" + name.split("/")[-1], "wb") as file:
        ftp.retrbinary("RETR " + name, file.write, CHUNK)


def up(ftp, name):
    with open(name, "rb") as file:
        ftp.storbinary("STOR up/" + name.split("/")[-1], file, CHUNK)


def at_once(task):
    """A thread for each client; the first failure is the failure of all."""
    failures = []

    def run(number):
        try:
            task(number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def small(move, ftp):
    for number in range(files):
        move(ftp, f"small/f{number:04}")


def listing(ftp):
    lines = []
    ftp.retrlines("LIST many", lines.append)
    assert len(lines) >= entries, len(lines)


def connecting():
    for _ in range(connects):
        login().quit()


def main():
    one = login() if work in ("retr", "stor", "small-retr", "small-stor", "list") else None
    many = [login() for _ in range(clients)] if work in ("many-retr", "many-stor") else []
    works = {
        "retr": lambda: down(one, "large"),
        "stor": lambda: up(one, "large"),
        "small-retr": lambda: small(down, one),
        "small-stor": lambda: small(up, one),
        "list": lambda: listing(one),
        "connect": connecting,
        "many-login": lambda: at_once(lambda number: many.append(login())),
        "many-retr": lambda: at_once(lambda number: down(many[number], f"each/f{number:04}")),
        "many-stor": lambda: at_once(lambda number: up(many[number], f"each/f{number:04}")),
    }
    before, start = used(), time.perf_counter()
    works[work]()
    print(time.perf_counter() - start, used() - before)


def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


main()
