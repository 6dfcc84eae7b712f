resource "x" "y" {
  image = "ghcr.io/acme/web:1.0" # é
  other = "ghcr.io/acme/side:1.0@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}
