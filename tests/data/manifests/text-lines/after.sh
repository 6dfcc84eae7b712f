#!/bin/sh
# imagebot: careful
docker run -d -p 8080:80 -v /data:/data:ro ghcr.io/acme/wéb:1.0 MyReg.azurecr.io/acme/web:2.0 # é
IMAGES="oci://ghcr.io/acme/a:2.0,b:2.0" # 🚀 # imagebot: {semver: ^1}
docker pull "$REGISTRY"/acme/app:1.0 # imagebot: careful
docker pull <registry>/acme/app:1.0 localhost:5000/acme/app:2.0 # imagebot: careful
docker pull [::1]:5000/acme/app:1.0 # imagebot: careful
docker pull ghcr.io/acme/free:1.0