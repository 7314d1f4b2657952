package contents

import "testing"

// What is a difference and what is not, beyond the table of TestDrift.
func TestDriftOfLists(t *testing.T) {
	const (
		pod     = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: "
		app     = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: "
		svc     = "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: "
		role    = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}, "
		bind    = "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r}, "
		policy  = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n}, spec: "
		budget  = "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: "
		account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}, "
		cr      = "{apiVersion: x.io/v1, kind: DB, metadata: {name: d}, spec: "
	)
	const at = "spec.template.spec."
	for name, c := range map[string]struct{ manifest, live, want string }{
		"an init container": {app + "{containers: []}}}}",
			app + "{initContainers: [{name: x}], containers: []}}}}", at + "initContainers[x]"},
		"a variable, beside one": {app + "{containers: [{name: a, env: [{name: A, value: b}]}]}}}}",
			app + "{containers: [{name: a, env: [{name: A, value: b}, {name: B}]}]}}}}", at + "containers[a].env[B]"},
		"a variable, the first": {app + "{containers: [{name: a}]}}}}",
			app + "{containers: [{name: a, env: [{name: B}]}]}}}}", at + "containers[a].env[B]"},
		"a variable twice": {app + "{containers: [{name: a, env: [{name: A, value: b}]}]}}}}",
			app + "{containers: [{name: a, env: [{name: A, value: b}, {name: A, value: c}]}]}}}}", at + "containers[a].env[A#2]"},
		"one of two goes": {app + "{containers: [{name: a, env: [{name: A, value: b}, {name: A, value: c}]}]}}}}",
			app + "{containers: [{name: a, env: [{name: A, value: b}]}]}}}}", at + "containers[a].env[A#2]"},
		"a port of a container": {app + "{containers: [{name: a, ports: [{containerPort: 53, protocol: UDP}]}]}}}}",
			app + "{containers: [{name: a, ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53, protocol: TCP}]}]}}}}", at + "containers[a].ports[53]"},
		"a UDP port that lacks": {svc + "{ports: [{port: 53}, {port: 53, protocol: UDP}]}}",
			svc + "{ports: [{port: 53, protocol: TCP}]}}", "spec.ports[53/UDP]"},
		"a volume and its mount": {app + "{containers: [{name: a}]}}}}",
			app + "{volumes: [{name: v}], containers: [{name: a, volumeMounts: [{name: v, mountPath: /v}]}]}}}}", at + "containers[a].volumeMounts[/v], " + at + "volumes[v]"},
		"a volume of a kind": {app + "{volumes: [{name: v, emptyDir: {}}]}}}}", app + "{volumes: [{name: v, emptyDir: {}}]}}}}", ""},
		"another kind of volume": {app + "{volumes: [{name: v, emptyDir: {}}]}}}}",
			app + "{volumes: [{name: v, hostPath: {path: /}}]}}}}", at + "volumes[v].emptyDir"},
		"a false that goes": {app + "{containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, runAsUser: 0}}]}}}}",
			app + "{containers: [{name: a, securityContext: {}}]}}}}",
			at + "containers[a].securityContext.allowPrivilegeEscalation, " + at + "containers[a].securityContext.runAsUser"},
		"a false that means nothing": {app + "{hostPID: false, enableServiceLinks: null}}}}", app + "{dnsPolicy: Default}}}}", ""},
		"a variable's source for an empty one": {app + "{containers: [{name: a, env: [{name: A, value: ''}]}]}}}}",
			app + "{containers: [{name: a, env: [{name: A, valueFrom: {fieldRef: {fieldPath: x}}}]}]}}}}", at + "containers[a].env[A].value"},
		"an empty variable": {app + "{containers: [{name: a, env: [{name: A, value: ''}]}]}}}}",
			app + "{containers: [{name: a, env: [{name: A}]}]}}}}", ""},
		"an empty selector that goes": {policy + "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}]}]}}",
			policy + "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {a: b}}}]}]}}", "spec.ingress[0].from[0].namespaceSelector"},
		"a bound of zero that goes": {budget + "{minAvailable: 0}}", budget + "{maxUnavailable: 1}}", "spec.minAvailable"},
		"a token's mount that goes off": {account + "automountServiceAccountToken: false}", account + "secrets: []}",
			"automountServiceAccountToken"},
		"rules that somebody has aggregated": {role + "rules: [{verbs: [get]}]}",
			role + "aggregationRule: {clusterRoleSelectors: []}, rules: [{verbs: ['*']}]}", "rules[0].verbs[0]"},
		"a long number": {cr + "{id: 9007199254740993}}", cr + "{id: 9007199254740992}}", "spec.id"},
		"an argument": {app + "{containers: [{name: a, args: [x]}]}}}}",
			app + "{containers: [{name: a, args: [x, z]}]}}}}", at + "containers[a].args"},
		"no ports to ports": {svc + "{type: ExternalName}}", svc + "{type: ExternalName, ports: [{port: 1}]}}", "spec.ports[1]"},
		"a rule":            {role + "rules: [{verbs: [get]}]}", role + "rules: [{verbs: [get]}, {verbs: ['*']}]}", "rules[1]"},
		"a rule of none":    {role + "rules: []}", role + "rules: [{verbs: ['*']}]}", "rules[0]"},
		"aggregated rules": {role + "aggregationRule: {clusterRoleSelectors: []}, rules: []}",
			role + "aggregationRule: {clusterRoleSelectors: []}, rules: [{verbs: ['*']}]}", ""},
		"a subject": {bind + "subjects: [{kind: User, name: a}]}",
			bind + "subjects: [{kind: User, name: a}, {kind: User, name: b}]}", "subjects[1]"},
		"subjects of none": {bind + "roleRef: {kind: Role, name: r}}",
			bind + "roleRef: {kind: Role, name: r}, subjects: [{kind: User, name: b}]}", "subjects[0]"},
		"a pod's token": {pod + "{containers: [{name: a}]}}",
			pod + "{tolerations: [{key: x}], volumes: [{name: kube-api-access-x1}], containers: [{name: a, volumeMounts: [{name: x, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}]}}", ""},
		"a pod's tolerations": {pod + "{tolerations: [{key: y}], containers: []}}",
			pod + "{tolerations: [{key: y}, {key: x}], containers: []}}", ""},
		"secrets of an account": {"{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}, imagePullSecrets: [{name: x}]}",
			"{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}, imagePullSecrets: [{name: x}, {name: y}], secrets: [{name: z}]}", ""},
		"finalizers": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [x/y]}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [x/y, v/w]}}", ""},
		"a finalizer goes": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [x/y]}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "metadata.finalizers"},
		"two families": {svc + "{ipFamilies: [IPv4]}}", svc + "{ipFamilies: [IPv4, IPv6], clusterIPs: [a, b]}}", ""},
		"an empty key goes": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: ''}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "data"},
		"a custom item":       {cr + "{l: [{a: 1}]}}", cr + "{l: [{a: 1}, {a: 2}]}}", "spec.l[1]"},
		"a custom item goes":  {cr + "{l: [{a: 1}, {a: 2}]}}", cr + "{l: [{a: 1}]}}", "spec.l[1]"},
		"a custom default":    {cr + "{l: [{a: 1}]}}", cr + "{l: [{a: 1, b: 2}], env: [x], ports: [1]}}", ""},
		"a custom plain item": {cr + "{l: [a]}}", cr + "{l: [a, b]}}", "spec.l"},
		"a custom label": {"{apiVersion: x.io/v1, kind: DB, metadata: {name: d, labels: {a: ''}}}",
			"{apiVersion: x.io/v1, kind: DB, metadata: {name: d}}", "metadata.labels.a"},
	} {
		t.Run(name, func(t *testing.T) {
			live := one(t, c.live)
			own(live, "web")
			if got := drift(one(t, c.manifest), live, false); got != c.want {
				t.Errorf("drift = %q, want %q", got, c.want)
			}
		})
	}
}

func TestSpellings(t *testing.T) {
	custom := func(value string) string {
		return "{apiVersion: x.io/v1, kind: DB, metadata: {name: d}, spec: {v: " + value + "}}"
	}
	job := func(value string) string {
		return "{apiVersion: batch/v1, kind: CronJob, metadata: {name: d}, spec: {startingDeadlineSeconds: " + value + "}}"
	}
	probe := func(port string) string {
		return "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80, targetPort: " + port + "}]}}"
	}
	config := func(value string) string {
		return "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, annotations: {a: " + value + "}}, data: {k: " + value + "}}"
	}
	for name, c := range map[string]struct {
		manifest, live string
		same           bool
	}{
		"a quantity":                      {custom("1024Mi"), custom("1Gi"), true},
		"a version is no quantity":        {custom("'16.10'"), custom("'16.1'"), false},
		"a time":                          {custom("'2026-01-01T00:00:00+00:00'"), custom("'2026-01-01T00:00:00Z'"), true},
		"another time":                    {custom("'2026-01-01T00:00:00Z'"), custom("'2026-01-01T00:00:01Z'"), false},
		"a duration":                      {custom("60s"), custom("1m0s"), true},
		"a port as text":                  {custom("8080"), custom("'8080'"), true},
		"another port":                    {custom("8080"), custom("'8081'"), false},
		"a number with a point":           {custom("1"), custom("1.0"), true},
		"a zero edited":                   {custom("0"), custom("5"), false},
		"a typed number":                  {job("30"), job("30.0"), true},
		"another typed number":            {job("30"), job("31"), false},
		"a target port as text":           {probe("8080"), probe("'8080'"), true},
		"a target port edited":            {probe("8080"), probe("http"), false},
		"texts of data are not looked at": {config("'1000m'"), config("'1'"), false},
		"a text":                          {config("x"), config("x"), true},
	} {
		t.Run(name, func(t *testing.T) {
			live := one(t, c.live)
			own(live, "web")
			if got := drift(one(t, c.manifest), live, false); (got == "") != c.same {
				t.Errorf("drift = %q", got)
			}
		})
	}
}

func TestBundlesOfInjectors(t *testing.T) {
	hook := func(annotation, bundle string) string {
		return "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: h, annotations: {" +
			annotation + "}}, webhooks: [{name: a.b.c, clientConfig: {" + bundle + "}}]}"
	}
	definition := func(bundle string) string {
		return "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: h}, spec: {conversion: {strategy: Webhook, webhook: {clientConfig: {" + bundle + "}}}}}"
	}
	service := func(bundle string) string {
		return "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.x}, spec: {group: x, " + bundle + "}}"
	}
	const at = "webhooks[a.b.c].clientConfig.caBundle"
	for name, c := range map[string]struct{ manifest, live, want string }{
		"left out":        {hook("", ""), hook("", "caBundle: YQ=="), ""},
		"empty":           {hook("", "caBundle: ''"), hook("", "caBundle: YQ=="), ""},
		"a blank":         {hook("", "caBundle: Cg=="), hook("", "caBundle: YQ=="), ""},
		"set, and edited": {hook("", "caBundle: YQ=="), hook("", "caBundle: Yg=="), at},
		"set, and injected": {hook("cert-manager.io/inject-ca-from: a/b", "caBundle: YQ=="),
			hook("cert-manager.io/inject-ca-from: a/b", "caBundle: Yg=="), ""},
		"in another spelling": {hook("", "caBundle: \"YQ==\\n\""), hook("", "caBundle: YQ=="), ""},
		"of a definition":     {definition("caBundle: Cg=="), definition("caBundle: YQ=="), ""},
		"of a service":        {service("caBundle: ''"), service("caBundle: YQ=="), ""},
		"of one, edited":      {service("caBundle: YQ=="), service("caBundle: Yg=="), "spec.caBundle"},
	} {
		t.Run(name, func(t *testing.T) {
			live := one(t, c.live)
			own(live, "web")
			if got := drift(one(t, c.manifest), live, false); got != c.want {
				t.Errorf("drift = %q, want %q", got, c.want)
			}
		})
	}
}
