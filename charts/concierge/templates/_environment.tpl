{{/* The operator's settings (operator/concierge_operator/settings.py), filled in from the values. An empty variable counts as
     not given, so a list of nobody is a comma. */}}
{{- define "concierge.environment" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: CONCIERGE_OPERATOR_IDENTITY
  value: $(POD_NAME)
- name: CONCIERGE_OPERATOR_NAMESPACE
  value: $(POD_NAMESPACE)
{{- $cluster := .Values.cluster }}
{{- $operator := .Values.operator }}
{{- $picked := list }}
{{- range $name, $value := .Values.tenants.podMonitorLabels }}
{{- $picked = append $picked (printf "%s=%s" $name $value) }}
{{- end }}
{{- $plain := dict
  "CONCIERGE_OPERATOR_IMAGE" (default .Values.image.repository .Values.tenants.image)
  "CONCIERGE_OPERATOR_VERSION" .Values.tenants.version
  "CONCIERGE_OPERATOR_POSTGRES_IMAGE" .Values.tenants.postgresImage
  "CONCIERGE_OPERATOR_REDIS_IMAGE" .Values.tenants.redisImage
  "CONCIERGE_OPERATOR_CNPG_IMAGE" .Values.tenants.cnpgImage
  "CONCIERGE_OPERATOR_POD_MONITOR_LABELS" (join "," $picked)
  "CONCIERGE_OPERATOR_DNS_NAMESPACE" $cluster.dnsNamespace
  "CONCIERGE_OPERATOR_DNS_PORTS" (join "," $cluster.dnsPorts)
  "CONCIERGE_OPERATOR_DNS_CIDRS" (join "," $cluster.dnsCidrs | default ",")
  "CONCIERGE_OPERATOR_GATEWAY_NAMESPACES" (join "," $cluster.gatewayNamespaces | default ",")
  "CONCIERGE_OPERATOR_GATEWAY_CIDRS" (join "," $cluster.gatewayCidrs)
  "CONCIERGE_OPERATOR_MONITORING_NAMESPACES" (join "," $cluster.monitoringNamespaces | default ",")
  "CONCIERGE_OPERATOR_CNPG_NAMESPACE" $cluster.cnpgNamespace
  "CONCIERGE_OPERATOR_WORKERS" $operator.workers
  "CONCIERGE_OPERATOR_REQUESTS_AT_ONCE" $operator.requestsAtOnce
  "CONCIERGE_OPERATOR_RESYNC_SECONDS" $operator.resyncSeconds
  "CONCIERGE_OPERATOR_LEASE_SECONDS" $operator.leaseSeconds
  "CONCIERGE_OPERATOR_RENEW_DEADLINE_SECONDS" $operator.renewDeadlineSeconds
  "CONCIERGE_OPERATOR_RETRY_SECONDS" $operator.retrySeconds
  "CONCIERGE_OPERATOR_ANSWER_SECONDS" $operator.answerSeconds
  "CONCIERGE_OPERATOR_WATCH_SILENCE_SECONDS" $operator.watchSilenceSeconds
  "CONCIERGE_OPERATOR_LOG_LEVEL" $operator.logLevel
  "CONCIERGE_OPERATOR_LOG_FORMAT" $operator.logFormat
  "CONCIERGE_OPERATOR_OTLP_ENDPOINT" $operator.otlpEndpoint
  "CONCIERGE_OPERATOR_TWILIO_BASE_URL" $operator.twilioBaseUrl
}}
{{- range $name, $value := $plain }}
{{- if ne (toString $value) "" }}
- name: {{ $name }}
  value: {{ toString $value | quote }}
{{- end }}
{{- end }}
- name: MALLOC_ARENA_MAX
  value: "2"
{{- with .Values.operator.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
