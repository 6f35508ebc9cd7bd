{{/* Names are fixed: one EDP a cluster. The release's name plays no part in them. */}}

{{- define "edp.labels" -}}
app.kubernetes.io/name: edp
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: edp
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end }}

{{- define "edp.selector" -}}
app.kubernetes.io/name: edp-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "edp.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "edp.reportsUrl" -}}
{{ .Values.reports.url | default (printf "https://edp-reports.%s.svc:8443" .Release.Namespace) }}
{{- end }}

{{- define "edp.tlsSecret" -}}
{{ .Values.tls.existingSecret | default "edp-reports-tls" }}
{{- end }}

{{/* "true" where reports live on a volume. */}}
{{- define "edp.onVolume" -}}
{{- if eq .Values.reports.store.type "volume" }}true{{ end -}}
{{- end }}

{{/* "true" where that volume is a claim. */}}
{{- define "edp.onClaim" -}}
{{- if and (include "edp.onVolume" .) (eq .Values.reports.store.volume.kind "persistentVolumeClaim") }}true{{ end -}}
{{- end }}

{{/* "true" where the audit's files are on a claim. */}}
{{- define "edp.auditOnClaim" -}}
{{- if and .Values.audit.enabled (eq .Values.audit.volume.kind "persistentVolumeClaim") }}true{{ end -}}
{{- end }}

{{- define "edp.auditKeySecret" -}}
{{ .Values.audit.existingKeySecret | default "edp-audit-key" }}
{{- end }}

{{/* "true" where an admission policy guards edp.dev/requested-by. */}}
{{- define "edp.requesterChecked" -}}
{{- if and .Values.audit.enabled .Values.audit.requestedBy.enabled }}true{{ end -}}
{{- end }}

{{/* The version of MutatingAdmissionPolicy that the cluster serves; empty: none. */}}
{{- define "edp.mutatingVersion" -}}
{{- range $version := list "v1" "v1beta1" "v1alpha1" }}
{{- if $.Capabilities.APIVersions.Has (printf "admissionregistration.k8s.io/%s/MutatingAdmissionPolicy" $version) }}{{ $version }} {{ end }}
{{- end }}
{{- end }}

{{/* Restricted, and the image's own user. */}}
{{- define "edp.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "edp.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What values.schema.json can't say: combinations that would not work. */}}
{{- define "edp.check" -}}
{{- if eq .Release.Namespace .Values.diagnostics.namespace }}
{{- fail (printf "install EDP in a namespace of its own, such as edp: %s is the runners', and its quota must hold nothing else" .Values.diagnostics.namespace) }}
{{- end }}
{{- if and .Values.reach.node.enabled (has .Values.reach.node.namespace (list .Release.Namespace .Values.diagnostics.namespace)) }}
{{- fail "reach.node.namespace must be a namespace of its own: it allows privileged pods" }}
{{- end }}
{{- if and .Values.reach.ephemeralContainer.enabled (not .Values.reach.ephemeralContainer.namespaces) }}
{{- fail "reach.ephemeralContainer.namespaces must name the namespaces whose pods may get an ephemeral container" }}
{{- end }}
{{- with .Values.reports.store }}
{{- if and (eq .type "s3") (not (and .s3.endpoint .s3.bucket .s3.existingSecret)) }}
{{- fail "reports.store.s3 needs endpoint, bucket and existingSecret" }}
{{- end }}
{{- end }}
{{- if and (include "edp.auditOnClaim" .) (gt (int .Values.replicas) 1) (not .Values.audit.volume.existingClaim) (not (has "ReadWriteMany" .Values.audit.volume.accessModes)) }}
{{- fail "audit.volume: a ReadWriteOnce claim can be mounted on one node only: set replicas to 1, or use ReadWriteMany" }}
{{- end }}
{{- with .Values.tickets }}
{{- if and (ne .kind "none") (not .url) }}
{{- fail "tickets.url must say where the tickets go" }}
{{- end }}
{{- if and (eq .kind "jira") (not .jira.project) }}
{{- fail "tickets.jira.project must name the project's key" }}
{{- end }}
{{- if and (ne .kind "none") (not .existingSecret) (or (ne .auth "none") .webhook.sign .proxy.auth) }}
{{- fail "tickets.existingSecret must name the Secret with the credentials, or tickets.auth be none" }}
{{- end }}
{{- end }}
{{- if and (include "edp.onClaim" .) (gt (int .Values.replicas) 1) (not .Values.reports.store.volume.existingClaim) (not (has "ReadWriteMany" .Values.reports.store.volume.accessModes)) }}
{{- fail "a ReadWriteOnce claim can be mounted on one node only: set replicas to 1, or use ReadWriteMany or s3" }}
{{- end }}
{{- end }}
