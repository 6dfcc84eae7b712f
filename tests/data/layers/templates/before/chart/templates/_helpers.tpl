{{- define "api.image" -}}
{{- printf "%s/%s:%s" .Values.docker.registry .Values.main_app.image (.Values.main_app.version | toString) -}}
{{- end -}}
