package input

import "github.com/berth-dev/berth/internal/verb"

var cluster = []Input{
	{
		Name: "for", Type: String, Verbs: []verb.Verb{verb.Preflight},
		Doc:   "Print what another account needs, as system:serviceaccount:NAMESPACE:NAME or the name of a user, and ask for nothing.",
		field: func(o *Options) any { return &o.For },
	},
	{
		Name: "print-role", Type: Bool, Default: "false", Verbs: []verb.Verb{verb.Preflight},
		Doc: "Print the roles that deploying the chart with these inputs takes, and nothing else, for `kubectl apply -f -`; for binds them. " +
			"It needs no cluster.",
		field: func(o *Options) any { return &o.PrintRole },
	},
	{
		Name: "kubeconfig", Type: Content, Verbs: reaching,
		Doc:   "Path of a kubeconfig. As variable or action input also its content, plain or base64, which is held in memory only.",
		field: func(o *Options) any { return &o.Kubeconfig },
	},
	{
		Name: "kube-context", Type: String, Verbs: reaching,
		Doc:   "Context of the kubeconfig; its current one when left out.",
		field: func(o *Options) any { return &o.KubeContext },
	},
	{
		Name: "kube-apiserver", Type: String, Verbs: reaching,
		Doc:   "URL of the API server, in place of a kubeconfig.",
		field: func(o *Options) any { return &o.KubeAPIServer }, check: checkHTTP,
	},
	{
		Name: "kube-token", Type: String, Verbs: reaching, Secret: true,
		Doc:   "Bearer token for kube-apiserver.",
		field: func(o *Options) any { return &o.KubeToken },
	},
	{
		Name: "kube-ca", Type: Content, Verbs: reaching,
		Doc:   "CA certificate of kube-apiserver: a path. As variable or action input also PEM, plain or base64.",
		field: func(o *Options) any { return &o.KubeCA },
	},
}
