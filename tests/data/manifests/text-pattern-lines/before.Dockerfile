# syntax=docker/dockerfile:1
FROM golang:1.24 AS build
RUN echo FROM not:this
FROM build AS test
FROM gcr.io/distroless/static:1.24
COPY --from=build /app /app
