"""Helpers of library charts that many charts call, and that are rarely in a tree."""

from __future__ import annotations

from collections.abc import Mapping

# `common.images.image` of Bitnami's library chart `common` joins the parts of an image by a rule
# that its documentation states: the global registry goes before the image's own, the digest before
# the tag, and the chart's `appVersion` is the tag where `chart` is passed and nothing else says it.
WELL_KNOWN: Mapping[str, str] = {
    "common.images.image": """
{{- $end := print ":" .imageRoot.tag -}}
{{- if and .chart (not .imageRoot.tag) -}}{{- $end = print ":" .chart.AppVersion -}}{{- end -}}
{{- if .imageRoot.digest -}}{{- $end = print "@" .imageRoot.digest -}}{{- end -}}
{{- with default .imageRoot.registry .global.imageRegistry -}}{{ . }}/{{- end -}}
{{- print .imageRoot.repository $end -}}
"""
}
