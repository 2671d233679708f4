# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/webmail as browsers and other clients see it."""

import collections
import re
import socket
import ssl
import time

import pytest
import support

Answer = collections.namedtuple("Answer", "status headers body")
USERS = {"user@example.org": "secret & safe+%", "user@example.net": "other"}
COOKIE = re.compile(r"__Host-session=([0-9a-f]{64}); Path=/; Secure; HttpOnly; SameSite=Strict")


@pytest.fixture(scope="module")
def certificates(pki):
    return {"wildcard": pki.issue("webmail-wildcard", ["*.example.org", "example.org"]),
            "san": pki.issue("webmail-san", ["example.net", "webmail.example.net"], key="rsa"),
            "panel": pki.issue("webmail-panel", ["panel.provider.example"])}


@pytest.fixture(scope="module")
def place(tmp_path_factory, certificates):
    """A configuration, users and a spool."""
    directory = tmp_path_factory.mktemp("webmail")
    entries = ",\n".join(support.certificate_entry(*pair) for pair in certificates.items())
    support.write_config(directory, """
        services = ( { name = "webmail"; default = "panel"; } );
        certificates = ( %s );
        domains = (
            { name = "example.org"; webmail = "wildcard";
              webmail_hosts = [ "webmail.example.org", "mail.example.org" ]; },
            { name = "example.net"; webmail = "san"; mail = "none"; },
            { name = "example.com"; }
        );
        """ % entries)
    support.write_users(directory / "users", USERS)
    return directory


def deliver(place, name, content, user="user@example.org", folder="new"):
    local, _, domain = user.partition("@")
    maildir = place / "spool" / domain / local
    for each in ["tmp", "new", "cur"]:
        (maildir / each).mkdir(parents=True, exist_ok=True)
    path = maildir / folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture(scope="module")
def server(place):
    (place / "spool").mkdir(exist_ok=True)
    with support.start_webmail(place / "certbind.conf", place / "log", place / "users",
                               place / "spool") as daemon:
        yield daemon


@pytest.fixture
def curl(server, pki):
    """curl(host, path, *options) gives an Answer; verified against the test's CA."""
    def get(host, path, *options, ca=True):
        port = server.port("https")
        command = ["curl", "--silent", "--show-error", "--include", "--max-time", "60",
                   "--noproxy", "*", "--resolve", "%s:%d:127.0.0.1" % (host, port)]
        command += ["--cacert", pki.ca] if ca else ["--insecure"]
        command += list(options) + ["https://%s:%d%s" % (host, port, path)]
        done = support.run(command, timeout=90)
        assert done.returncode == 0, done.stdout
        return parse(done.stdout)
    return get


def parse(text):
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    while head.startswith("HTTP/1.1 100"):
        head, _, body = body.partition("\n\n")
    lines = head.split("\n")
    headers = collections.defaultdict(str)
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    return Answer(int(lines[0].split()[1]), headers, body)


def raw(server, request, name="webmail.example.org", version=None, timeout=30):
    """Send bytes as they are; gives the Answer, or None when there was none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(server.endpoints["https"], timeout) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secured:
            secured.sendall(request)
            received = b""
            while True:
                try:
                    data = secured.recv(65536)
                except (ConnectionError, ssl.SSLError):
                    break
                received += data
                if not data or b"Content-Length: 0\r\n\r\n" in received or b"</html>" in received:
                    break
    return parse(received.decode("utf-8", "replace")) if received else None


def log_in(curl, host="webmail.example.org", user="user@example.org", *options, password=None):
    return curl(host, "/login", "--data-urlencode", "user=" + user, "--data-urlencode",
                "password=" + (password or USERS.get(user, "?")), *options)


def cookie(answer):
    found = COOKIE.fullmatch(answer.headers["set-cookie"])
    assert found, answer.headers["set-cookie"]
    return "__Host-session=" + found.group(1)


def footer(body):
    text = body[body.index("<footer"):]
    return dict(re.findall(r"<dt>([^<]*)</dt><dd[^>]*>([^<]*)</dd>", text))


def test_login_page(curl):
    answer = curl("webmail.example.org", "/")
    assert answer.status == 200
    assert "location" not in answer.headers
    assert '<form class="card login" method="post" action="/login">' in answer.body
    assert 'name="password" type="password"' in answer.body
    headers = answer.headers
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert "<script" not in answer.body and "style=" not in answer.body


def test_without_users_and_spool(webmail, place, pki):
    daemon = webmail(place / "certbind.conf")
    page = raw(daemon, b"GET / HTTP/1.1\r\nHost: webmail.example.org\r\n\r\n")
    assert page.status == 200 and 'action="/login"' in page.body
    form = b"user=user%40example.org&password=x"
    answer = raw(daemon, b"POST /login HTTP/1.1\r\nHost: webmail.example.org\r\n"
                 b"Content-Type: application/x-www-form-urlencoded\r\n"
                 b"Content-Length: %d\r\n\r\n%s" % (len(form), form))
    assert answer.status == 403


NAMES = [
    ("webmail.example.org", "webmail-wildcard", "example.org", "wildcard", "exact"),
    ("WebMail.Example.ORG", "webmail-wildcard", "example.org", "wildcard", "exact"),
    ("mail.example.org", "webmail-wildcard", "example.org", "wildcard", "exact"),
    ("webmail.example.net", "webmail-san", "example.net", "san", "exact"),
    ("example.net", "webmail-san", "none", "san", "exact"),
    ("other.example.org", "webmail-wildcard", "none", "wildcard", "wildcard"),
    ("panel.provider.example", "webmail-panel", "none", "panel", None),
    ("unknown.example", "webmail-panel", "none", "panel", "default"),
]


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
@pytest.mark.parametrize("name,issued,domain,certificate,rule", NAMES)
def test_which_name_gets_which_certificate(server, pki, version, name, issued, domain,
                                           certificate, rule):
    request = "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % name
    done = support.s_client(server.endpoints["https"], servername=name, version=version,
                            options=["-ign_eof"], text=request)
    served = support.served_fingerprint(done.stdout)
    assert served == support.fingerprint(pki.directory / (issued + ".crt"))
    assert "HTTP/1.1 200 OK" in done.stdout
    shown = footer(done.stdout)
    assert shown["Host"] == name.lower()
    assert shown["Domain"] == domain
    assert shown["Certificate"] == certificate
    assert shown["Protocol"] == version.upper().replace("_", ".")
    if rule:
        assert shown["Chosen by"].startswith(rule + ": ")
        server.wait_for_log("sni=%s domain=%s certificate=%s rule=%s protocol=%s" % (
            name.lower(), domain if domain != "none" else "-", certificate, rule,
            shown["Protocol"]))


def test_no_server_name(server, pki):
    request = "GET / HTTP/1.1\r\nHost: unknown.example\r\nConnection: close\r\n\r\n"
    done = support.s_client(server.endpoints["https"], options=["-ign_eof"], text=request)
    served = support.served_fingerprint(done.stdout)
    assert served == support.fingerprint(pki.directory / "webmail-panel.crt")
    shown = footer(done.stdout)
    assert shown["Host"] == "none named"
    assert shown["Chosen by"].startswith("default: the browser named no host")
    server.wait_for_log("sni=- domain=- certificate=panel rule=default")


def test_gnutls_cli_verifies(server, pki):
    done = support.run(["gnutls-cli", "--x509cafile", pki.ca, "--sni-hostname",
                        "webmail.example.net", "--verify-hostname", "webmail.example.net",
                        "--alpn", "http/1.1", "--port", str(server.port("https")), "127.0.0.1"],
                       text="")
    assert "Handshake was completed" in done.stdout, done.stdout
    assert "Application protocol: http/1.1" in done.stdout


def test_foreign_alpn_is_refused_with_its_alert(server):
    done = support.s_client(server.endpoints["https"], servername="webmail.example.org",
                            options=["-alpn", "imap"])
    assert "alert number 120" in done.stdout, done.stdout
    done = support.s_client(server.endpoints["https"], servername="webmail.example.org",
                            options=["-alpn", "h2,http/1.1"])
    assert "ALPN protocol: http/1.1" in done.stdout


def test_log_tells_of_a_connection_without_request(server):
    before = server.log().count("closed before a request")
    with socket.create_connection(server.endpoints["https"], 10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
    end = time.monotonic() + 30
    while server.log().count("closed before a request") == before:
        assert time.monotonic() < end, server.log()
        time.sleep(0.05)


HOSTS = [
    (["webmail.example.org"], 200),
    (["webmail.example.org:8443"], 200),
    (["WEBMAIL.example.ORG."], 200),
    (["mail.example.org"], 200),
    (["webmail.example.net"], 421),
    (["panel.provider.example"], 421),
    (["127.0.0.1"], 421),
    (["[::1]:443"], 421),
    ([], 400),
    ([""], 400),
    (["webmail.example.org", "webmail.example.org"], 400),
    (["webmail.example.org, webmail.example.net"], 400),
    (["webmail.example.org:http"], 400),
    (["webmail.example.org:65536"], 400),
    (["webmail.example.org/"], 400),
    (["user@webmail.example.org"], 400),
    (["webmail%2eexample.org"], 400),
    (["[::1"], 400),
    (["x" * 256 + ".example.org"], 400),
]


@pytest.mark.parametrize("hosts,status", HOSTS)
def test_host_header(server, hosts, status):
    lines = "".join("Host: %s\r\n" % host for host in hosts)
    answer = raw(server, ("GET / HTTP/1.1\r\n%s\r\n" % lines).encode())
    assert answer.status == status


PATHS = [
    ("GET", "/style.css", 200, None),
    ("HEAD", "/", 200, None),
    ("HEAD", "/style.css", 200, None),
    ("GET", "/nothing", 404, None),
    ("GET", "/../etc/passwd", 404, None),
    ("POST", "/", 405, "GET, HEAD"),
    ("DELETE", "/", 405, "GET, HEAD"),
    ("OPTIONS", "/message", 405, "GET, HEAD"),
    ("GET", "/login", 405, "POST"),
    ("PUT", "/logout", 405, "POST"),
    ("GET", "/message?id=1", 303, None),
]


@pytest.mark.parametrize("method,path,status,allow", PATHS)
def test_path_and_method(server, method, path, status, allow):
    answer = raw(server, ("%s %s HTTP/1.1\r\nHost: webmail.example.org\r\nContent-Length: 0\r\n"
                          "Connection: close\r\n\r\n" % (method, path)).encode())
    assert answer.status == status
    assert answer.headers.get("allow") == allow
    if method == "HEAD":
        assert answer.body == ""


def test_logs_in_and_out(curl, place):
    deliver(place, "1000.first", "From: a@x.example\nSubject: Hello\n\nbody\n")
    answer = log_in(curl)
    assert answer.status == 303 and answer.headers["location"] == "/"
    token = cookie(answer)
    inbox = curl("webmail.example.org", "/", "--cookie", token)
    assert inbox.status == 200 and '<span id="who">user@example.org</span>' in inbox.body
    assert ">Hello</a>" in inbox.body
    assert footer(inbox.body)["Certificate"] == "wildcard"
    # Another browser's session is another one.
    assert cookie(log_in(curl)) != token
    out = curl("webmail.example.org", "/logout", "--cookie", token, "--data", "")
    assert out.status == 303
    assert out.headers["set-cookie"].startswith("__Host-session=; Max-Age=0; Path=/; Secure;")
    assert 'action="/login"' in curl("webmail.example.org", "/", "--cookie", token).body


@pytest.mark.parametrize("user,password", [
    ("user@example.org", "wrong"),
    ("user@example.org", ""),
    ("user@example.org", "secret & safe+%" + "x" * 600),
    ("nobody@example.org", "secret & safe+%"),
    ("user", "secret & safe+%"),
    ("@example.org", "secret & safe+%"),
    # Right, but on the webmail of another domain.
    ("user@example.net", "other"),
])
def test_log_in_refused(curl, user, password):
    answer = curl("webmail.example.org", "/login", "--data-urlencode", "user=" + user,
                  "--data-urlencode", "password=" + password)
    assert answer.status == 403
    assert "Address or password is wrong." in answer.body
    assert "set-cookie" not in answer.headers


def test_default_certificate_takes_any_user(curl):
    answer = log_in(curl, "panel.provider.example", "user@EXAMPLE.net", password="other")
    assert answer.status == 303
    assert log_in(curl, "webmail.example.net", "user@example.net").status == 303


def test_cookie_counts_on_its_host_only(curl):
    token = cookie(log_in(curl))
    for host in ["mail.example.org", "webmail.example.net"]:
        assert 'action="/login"' in curl(host, "/", "--cookie", token).body
    assert '<span id="who">' in curl("webmail.example.org", "/", "--cookie", token).body
    for wrong in [token[:-1], token + "0", "__Host-session=" + "0" * 64, "session=x"]:
        assert 'action="/login"' in curl("webmail.example.org", "/", "--cookie", wrong).body


@pytest.mark.parametrize("header,status", [
    ("Origin: https://webmail.example.net", 403),
    ("Origin: https://mail.example.org", 403),
    ("Origin: http://webmail.example.org", 403),
    ("Origin: null", 403),
    ("Sec-Fetch-Site: cross-site", 403),
    ("Sec-Fetch-Site: same-site", 403),
    ("Sec-Fetch-Site: same-origin", 303),
])
def test_forms_of_other_sites_are_refused(curl, header, status):
    token = cookie(log_in(curl))
    answer = curl("webmail.example.org", "/logout", "--cookie", token, "--header", header,
                  "--data", "")
    assert answer.status == status
    is_logged_in = '<span id="who">' in curl("webmail.example.org", "/", "--cookie", token).body
    assert is_logged_in == (status == 403)


def test_own_origin_is_accepted(curl, server):
    origin = "Origin: https://webmail.example.org:%d" % server.port("https")
    assert log_in(curl, "webmail.example.org", "user@example.org", "--header", origin).status == 303


def test_body_is_bounded(server, curl):
    head = "POST /login HTTP/1.1\r\nHost: webmail.example.org\r\n" \
        "Content-Type: application/x-www-form-urlencoded\r\n"
    answer = raw(server, (head + "Content-Length: 1000000\r\n\r\n").encode())
    assert answer.status == 413
    chunk = "1000\r\n" + "x" * 4096 + "\r\n"
    assert raw(server, (head + "Transfer-Encoding: chunked\r\n\r\n" + 3 * chunk).encode()) is None
    assert curl("webmail.example.org", "/").status == 200


def test_failures_are_bounded(webmail, place):
    daemon = webmail(place / "certbind.conf", users=place / "users", spool=place / "spool")
    request = "POST /login HTTP/1.1\r\nHost: webmail.example.org\r\nContent-Length: %d\r\n" \
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n%s"
    wrong, right = "user=a%40example.org&password=x", "user=user%40example.org&password=" \
        "secret+%26+safe%2B%25"
    for _ in range(20):
        assert raw(daemon, (request % (len(wrong), wrong)).encode()).status == 403
    answer = raw(daemon, (request % (len(right), right)).encode())
    assert answer.status == 429
    assert answer.headers["retry-after"] == "600"
    assert raw(daemon, b"GET / HTTP/1.1\r\nHost: webmail.example.org\r\n\r\n").status == 200


ATTACK = "<script>alert(1)</script>"
MESSAGES = {
    "2000.multipart": (
        "From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@x.example>\nTo: user@example.org\n"
        "Subject: =?iso-8859-1?Q?Gr=FC=DFe?= " + ATTACK + "\n"
        "Date: Tue, 1 Sep 2026 10:00:00 +0200\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=a\n\n"
        "--a\nContent-Type: multipart/alternative; boundary=b\n\n"
        "--b\nContent-Type: text/plain; charset=iso-8859-1\n"
        "Content-Transfer-Encoding: quoted-printable\n\nSch=F6n </pre>" + ATTACK + "\n"
        "--b\nContent-Type: text/html\n\n<b>schoen</b>\n--b--\n"
        "--a\nContent-Type: application/pdf; name=\"<img src=x>.pdf\"\n"
        "Content-Disposition: attachment\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n--a--\n",
        ["Jörg Müller &lt;joerg@x.example&gt;", "Grüße &lt;script&gt;alert(1)&lt;/script&gt;",
         "2026-09-01 08:00 UTC", "Schön &lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
         "&lt;img src=x&gt;.pdf (application/pdf)"],
        ["<b>", "<script", "<img"]),
    "2001.html-only": (
        "From: a@x.example\nSubject: html\nContent-Type: text/html\n\n<p onclick=x>" + ATTACK,
        ["no plain text", "&lt;p onclick=x&gt;&lt;script&gt;"], ["<p onclick", "<script"]),
    "2002.broken": (
        b"Subject: =?nonsense?q?x?= \xff\xfe\nMIME-Version: 1.0\nContent-Type: text/plain; "
        b"charset=nonsense\nContent-Transfer-Encoding: base64\n\n!!!=\xff\x01\n", ["<pre>"], ["\x01"]),
    "2003.unended": (
        "Subject: unended\nContent-Type: multipart/mixed; boundary=a\n\n--a\n"
        "Content-Type: multipart/mixed; boundary=a\n\n--a\n\ninner text", ["inner text"], []),
    "2004.empty": ("", ["(no subject)", "nothing to read"], []),
    "2005.binary": (bytes(range(256)) * 64, ["(no subject)"], ["\x00", "\x07"]),
    "2006.controls": (
        "Subject: a\x1b[31mb\nFrom: \"\x07bell\" <x@y.example>\n\nesc \x1b[31m red\n",
        ["\ufffd[31m red"], ["\x1b", "\x07"]),
    "2007.deep": (
        "Subject: deep\n" + "".join("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
                                    % (i, i) for i in range(20000)) + "\nbottom\n", ["deep"], []),
    "2008.long": ("Subject: long\n\n" + "longword " * 100000, ["longer than that"], []),
    "2009.id & <x>": ("Subject: odd name\n\nodd body\n", ["odd body"], []),
}


@pytest.fixture
def mailbox(place, curl):
    """The messages are delivered, and a user has logged in: gives get(path)."""
    for name, (content, _, _) in MESSAGES.items():
        deliver(place, name, content)
    token = cookie(log_in(curl))
    yield lambda path, *options: curl("webmail.example.org", path, "--cookie", token, *options)
    for path in (place / "spool/example.org/user").glob("*/2*"):
        path.unlink()


def test_list_and_messages(mailbox):
    inbox = mailbox("/").body
    links = re.findall(r'href="/message\?id=([^"]*)">([^<]*)</a>', inbox)
    ids = [link for link, _ in links if link.startswith("2")]
    assert len(ids) == len(MESSAGES)
    assert ids == sorted(ids, reverse=True)
    assert "<script" not in inbox and "Jörg Müller" in inbox
    for link, (name, (_, wanted, forbidden)) in zip(reversed(ids), sorted(MESSAGES.items())):
        answer = mailbox("/message?id=" + link)
        assert answer.status == 200, name
        article = answer.body[answer.body.index("<article"):answer.body.index("</article>")]
        for text in wanted:
            assert text in article, (name, text, article[:2000])
        for text in forbidden:
            assert text not in answer.body, (name, text)
        assert footer(answer.body)["Certificate"] == "wildcard"


def test_message_counts_as_seen(mailbox, place):
    assert inbox_row(mailbox, "2000.multipart").startswith('<tr class="unread">')
    mailbox("/message?id=2000.multipart")
    assert inbox_row(mailbox, "2000.multipart").startswith("<tr>")
    assert (place / "spool/example.org/user/cur/2000.multipart:2,S").exists()


def inbox_row(mailbox, name):
    rows = mailbox("/").body.split("\n")
    return next(row for row in rows if "id=" + name in row)


@pytest.mark.parametrize("link", ["nothing", "", "..%2f..%2fusers", "new%2f2000.multipart",
                                  "2000.multipart%2f", "%2e%2e"])
def test_no_such_message(mailbox, link):
    assert mailbox("/message?id=" + link).status == 404


def test_messages_of_others_are_out_of_reach(mailbox, place):
    deliver(place, "3000.private", "Subject: private\n\nprivate\n", user="user@example.net")
    assert mailbox("/message?id=3000.private").status == 404
    assert "private" not in mailbox("/").body


def test_long_list_has_pages(place, curl):
    for number in range(120):
        deliver(place, "2%03d.page" % number, "Subject: number %d.\n\n" % number)
    token = cookie(log_in(curl))
    pages = [curl("webmail.example.org", "/?page=%s" % page, "--cookie", token).body
             for page in [1, 2, 3]]
    found = [int(n) for page in pages for n in re.findall(r"number (\d+)\.", page)]
    assert found == list(range(119, -1, -1))
    assert "Newer" not in pages[0] and "/?page=2" in pages[0]
    assert "/?page=1" in pages[1] and "Older" not in pages[2]
    for odd in ["0", "-1", "x", "99999999999999999999"]:
        assert curl("webmail.example.org", "/?page=" + odd, "--cookie", token).status == 200
    for path in (place / "spool/example.org/user").glob("*/2*.page*"):
        path.unlink()


def test_many_requests_on_one_connection(server):
    one = b"GET / HTTP/1.1\r\nHost: webmail.example.org\r\n\r\n"
    context = ssl._create_unverified_context()
    with socket.create_connection(server.endpoints["https"], 30) as plain:
        with context.wrap_socket(plain, server_hostname="webmail.example.org") as secured:
            for _ in range(5):
                secured.sendall(one)
                received = b""
                while b"</html>" not in received:
                    data = secured.recv(65536)
                    assert data
                    received += data


def test_silent_clients_stop_nobody(server, curl):
    silent = [socket.create_connection(server.endpoints["https"], 10) for _ in range(20)]
    try:
        assert curl("webmail.example.org", "/").status == 200
    finally:
        for each in silent:
            each.close()


@pytest.mark.parametrize("options,status,text", [
    (["--help"], 0, "usage: webmail"),
    (["--version"], 0, "webmail, certbind 0."),
    ([], 2, "usage: webmail"),
    (["--config", "/nonexistent", "--listen", "127.0.0.1:0"], 2, "/nonexistent"),
    (["--config", "CONFIG", "--listen", "127.0.0.1"], 2, "ADDRESS:PORT expected"),
    (["--config", "CONFIG", "--listen", "127.0.0.1:0", "--users", "/nonexistent"], 2,
     "/nonexistent"),
    (["--config", "CONFIG", "--wrong"], 2, "usage: webmail"),
])
def test_command_line(place, options, status, text):
    options = [str(place / "certbind.conf") if word == "CONFIG" else word for word in options]
    done = support.run(support.wrapper() + [support.program("webmail")] + options, timeout=120)
    assert done.returncode == status, done.stdout
    assert text in done.stdout


def test_ipv6(place, pki):
    command = [support.program("webmail"), "--config", place / "certbind.conf",
               "--listen", "[::1]:0"]
    with support.Daemon(command, ["https"], place / "ipv6.log") as daemon:
        assert daemon.endpoints["https"][0] == "::1"
        answer = raw(daemon, b"GET / HTTP/1.1\r\nHost: webmail.example.org\r\n\r\n")
        assert answer.status == 200
        daemon.wait_for_log("webmail: ::1 port ")


def test_sighup_goes_on_and_sigterm_ends(place):
    daemon = support.start_webmail(place / "certbind.conf", place / "sighup.log")
    daemon.process.send_signal(1)
    daemon.wait_for_log("SIGHUP")
    assert raw(daemon, b"GET / HTTP/1.1\r\nHost: webmail.example.org\r\n\r\n").status == 200
    with socket.create_connection(daemon.endpoints["https"], 10):
        daemon.stop()


def test_whole_session_under_valgrind(place, monkeypatch):
    for name, (content, _, _) in MESSAGES.items():
        deliver(place, name, content)
    if not support.wrapper():
        monkeypatch.setenv("CERTBIND_WRAP", "valgrind -q --error-exitcode=99 --leak-check=full")
    form = b"user=user%40example.org&password=secret+%26+safe%2B%25"
    with support.start_webmail(place / "certbind.conf", place / "valgrind.log", place / "users",
                               place / "spool") as daemon:
        def ask(line, more=b"", name="webmail.example.org", body=b""):
            return raw(daemon, line + b" HTTP/1.1\r\nHost: webmail.example.org\r\n" + more +
                       b"Connection: close\r\n\r\n" + body, name, timeout=120)
        post = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
        answer = ask(b"POST /login", post % len(form), body=form)
        token = b"Cookie: " + cookie(answer).encode() + b"\r\n"
        assert '<span id="who">' in ask(b"GET /", token).body
        for name in MESSAGES:
            link = name.replace("%", "%25").replace(" ", "%20").replace("&", "%26")
            assert ask(b"GET /message?id=" + link.encode(), token).status == 200
        assert ask(b"GET /", name="webmail.example.net").status == 421
        assert ask(b"POST /logout", token + post % 0).status == 303
        support.s_client(daemon.endpoints["https"], servername="webmail.example.org",
                         options=["-alpn", "imap"])
