"""The real parts that the tests run against; tests/conftest.py makes fixtures of them.

registry.py        docker-registry: anonymous, htpasswd, Bearer tokens, TLS, notifications
scripted_http.py   an HTTP server that answers what a test says
git_server.py      git http-backend behind a token
ssh_server.py      sshd for the same repositories
github.py          an emulator of GitHub's API, with the same repositories and ids
require.py         what a test does when a part is missing; install.sh installs them all
"""
