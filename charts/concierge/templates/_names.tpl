{{/* Name of the chart's objects: short enough for every kind of name. */}}
{{- define "concierge.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that pick the operator's pods. They can't change later, so no version is among them. */}}
{{- define "concierge.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What every object of the chart carries. */}}
{{- define "concierge.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: concierge
app.kubernetes.io/component: operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{ include "concierge.selector" . }}
{{- end -}}

{{- define "concierge.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "concierge.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.create is false: say in serviceAccount.name which account the operator uses." .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "concierge.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* The port of a URL: the one it names, else that of its scheme. */}}
{{- define "concierge.portOf" -}}
{{- $url := urlParse . -}}
{{- if regexMatch ":[0-9]+$" $url.host -}}
{{- regexFind "[0-9]+$" $url.host -}}
{{- else -}}
{{- ternary "443" "80" (eq $url.scheme "https") -}}
{{- end -}}
{{- end -}}

{{/* What the schema can't say: refused in words, before anything is installed. */}}
{{- define "concierge.check" -}}
{{- with .Values.operator -}}
{{- if ge (float64 .renewDeadlineSeconds) (float64 .leaseSeconds) -}}
{{- fail "operator.renewDeadlineSeconds must be less than operator.leaseSeconds: a leader has to stop writing before another may follow it." -}}
{{- end -}}
{{- if ge (float64 .retrySeconds) (float64 .renewDeadlineSeconds) -}}
{{- fail "operator.retrySeconds must be less than operator.renewDeadlineSeconds: a leader has to renew before it gives up." -}}
{{- end -}}
{{- end -}}
{{- end -}}
