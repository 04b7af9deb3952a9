{{- define "statusquo.labels" -}}
app.kubernetes.io/name: statusquo
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "statusquo.annotations" -}}
checksum/settings: {{ .Values.settings | toJson | sha256sum }}
{{- range $name, $value := .Values.podAnnotations }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "statusquo.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 40
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "statusquo.container" -}}
name: statusquo
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
# What ports, probes and the volume go by, whatever the Secret says: it may be made of a whole .env.
env:
  - name: HOST
    value: 0.0.0.0
  - name: PORT
    value: "3000"
  - name: METRICS_HOST
    value: 0.0.0.0
  - name: METRICS_PORT
    value: "9464"
  {{- if eq .Values.mode "single" }}
  - name: DATABASE_URL
    value: sqlite+aiosqlite:////data/statusquo.db
  {{- end }}
envFrom:
  - configMapRef:
      name: {{ .Release.Name }}-settings
  - secretRef:
      name: {{ .Values.secretName }}
startupProbe:
  httpGet:
    path: /healthz
    port: own
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet:
    path: /healthz
    port: own
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet:
    path: /readyz
    port: own
  periodSeconds: 5
  timeoutSeconds: 4
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end }}
