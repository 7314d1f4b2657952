// Package faultproxy stands between a tool and the API server and breaks what a
// test wants broken: a request refused, an answer lost, a server that restarts,
// or a callback at that very point, so that the tool can be killed there.
//
//	proxy := faultproxy.New(t, cluster.Config())
//	proxy.On(faultproxy.Match{Verb: "update", Resource: "secrets", Status: "deployed", Times: 1}, faultproxy.DropAnswer())
//	run(tool, "--kubeconfig", proxy.Kubeconfig(t, account.Kubeconfig))
//
// It ends TLS on both sides and passes bearer tokens through; client
// certificates cannot pass. A write that is forwarded is carried out even when
// its client dies meanwhile, so that a test knows what was applied: Call kills a
// tool whose write arrives, Sequence(Call(kill), Refuse()) one whose write never
// did, CallAfter(kill) one that would have got its answer.
package faultproxy
