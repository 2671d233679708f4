# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs outside the tree: the README's embedding as it is written, and daemons that fork."""

import subprocess

import conftest
import pytest
import support

# The rest of a program around the README's serve(): listens, serves one connection, says what was
# selected.
AROUND = r"""
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <certbind/certbind.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_socket(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, 16) < 0 || getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return -1;
	(void)printf("listening https 127.0.0.1:%d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	return fd;
}
"""

ONE = AROUND + r"""
int serve(const char *config, int fd, gnutls_session_t *session, struct certbind_error *error);

int main(int argc, char **argv)
{
	struct certbind_selection selected;
	struct certbind_error error = { 0 };
	gnutls_session_t session = NULL;
	int listener = open_socket();
	int fd = argc < 2 || listener < 0 ? -1 : accept(listener, NULL, NULL);
	int status = fd < 0 ? -1 : serve(argv[1], fd, &session, &error);

	if (status < 0 || certbind_session_selected(session, &selected) < 0) {
		(void)printf("failed: %d %s\n", status, error.message);
		return 1;
	}
	(void)printf("selected %s for %s\n", selected.certificate, selected.host);
	(void)gnutls_bye(session, GNUTLS_SHUT_WR);
	gnutls_deinit(session);
	return 0;
}
"""

# Opens everything once, forks two children that each serve two connections, serves two itself.
FORKS = AROUND + r"""
static int serve_two(struct certbind_context *context, int listener, const char *who)
{
	struct certbind_error error;
	gnutls_session_t session;
	int fd, times;

	for (times = 0; times < 2; times++) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0 || certbind_context_session(context, 0, &session, &error) < 0)
			return 1;
		gnutls_transport_set_int(session, fd);
		if (gnutls_handshake(session) < 0)
			return 1;
		(void)gnutls_record_send(session, who, 8);
		(void)gnutls_bye(session, GNUTLS_SHUT_WR);
		gnutls_deinit(session);
		(void)close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct certbind_context *context = NULL;
	struct certbind_store *store = NULL;
	struct certbind_error error;
	int bad = 0, child, listener, status, waited;

	if (argc < 2 || certbind_store_open(&store, argv[1], &error) < 0 ||
		certbind_context_new(&context, store, "webmail", &error) < 0 ||
		(listener = open_socket()) < 0)
		return 1;
	for (child = 0; child < 2; child++)
		if (fork() == 0) {
			status = serve_two(context, listener, child ? "child 2\n" : "child 1\n");
			certbind_store_close(store);
			certbind_context_free(context);
			return status;
		}
	bad = serve_two(context, listener, "parent.\n");
	for (child = 0; child < 2; child++)
		if (wait(&waited) < 0 || waited != 0)
			bad = 1;
	certbind_context_free(context);
	certbind_store_close(store);
	return bad;
}
"""


def readme_embedding():
    text = (support.source_directory() / "README.md").read_text(encoding="utf-8")
    block = text.split("```c\n")[1].split("```")[0]
    assert "#include <certbind/certbind.h>" in block
    return block


def compile_program(installed, directory, sources, compiler=("gcc", "-std=c11")):
    """Compile with what pkg-config says about certbind and nothing else; gives the program."""
    files = []
    for number, source in enumerate(sources):
        files.append(directory / ("part%d.c" % number))
        files[-1].write_text(source)
    done = support.run([*compiler, "-pedantic", "-Wall", "-Wextra", "-Werror", "-o",
                        directory / "program", *files,
                        *conftest.pkg_config(installed, "--cflags", "--libs")])
    assert done.returncode == 0, done.stdout
    return directory / "program"


@pytest.fixture
def config(make_config, pki, request):
    name = "embedding-" + request.node.name.split("[")[0]
    issued = pki.issue(name, ["*.example.org"])
    return make_config("""
        certificates = ( %s );
        domains = ( { name = "example.org"; webmail = "wildcard"; } );
        """ % support.certificate_entry("wildcard", issued))


def start(installed, program, config, log):
    libraries = str(conftest.library_directory(installed))
    return support.Daemon([program, config], ["https"], log, env={"LD_LIBRARY_PATH": libraries})


@pytest.mark.parametrize("compiler", [("gcc", "-std=c99"), ("gcc", "-std=c11"),
                                      ("clang", "-std=c11"), ("g++", "-x", "c++", "-std=c++11")],
                         ids=" ".join)
def test_readme_embedding_compiles_as_written(installed, tmp_path, compiler):
    (tmp_path / "serve.c").write_text(readme_embedding())
    done = support.run([*compiler, "-pedantic", "-Wall", "-Wextra", "-Werror", "-c", "-o",
                        tmp_path / "serve.o", tmp_path / "serve.c",
                        *conftest.pkg_config(installed, "--cflags")])
    assert done.returncode == 0, done.stdout


def test_readme_embedding_serves(installed, tmp_path, config, pki):
    program = compile_program(installed, tmp_path, [readme_embedding(), ONE])
    daemon = start(installed, program, config, tmp_path / "log")
    done = support.s_client(daemon.endpoints["https"], servername="webmail.example.org", ca=pki.ca)
    assert "Verify return code: 0 (ok)" in done.stdout, done.stdout
    assert daemon.process.wait(support.STOP_TIMEOUT) == 0, daemon.log()
    daemon.wait_for_log("selected wildcard for webmail.example.org")
    daemon.stop()


def test_children_and_parent_serve_after_fork(installed, tmp_path, config, pki):
    program = compile_program(installed, tmp_path, [FORKS])
    daemon = start(installed, program, config, tmp_path / "log")
    command = ["openssl", "s_client", "-connect", "127.0.0.1:%d" % daemon.port("https"), "-quiet",
               "-servername", "webmail.example.org", "-CAfile", str(pki.ca),
               "-verify_return_error", "-verify_hostname", "webmail.example.org"]
    servers = []
    for _ in range(6):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=support.CLIENT_TIMEOUT,
                              encoding="utf-8")
        servers.append(done.stdout.splitlines()[-1])
    assert sorted(servers) == ["child 1"] * 2 + ["child 2"] * 2 + ["parent."] * 2
    assert daemon.process.wait(support.STOP_TIMEOUT) == 0, daemon.log()
    daemon.stop()
