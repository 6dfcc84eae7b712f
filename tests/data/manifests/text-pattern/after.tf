resource "x" "y" {
  image = "ghcr.io/acme/web:2.0" # é
  other = "ghcr.io/acme/side:2.0@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}
