package chart

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/test/standin"
)

// bundle is a CA's certificate, and a file that holds it.
func bundle(t *testing.T) (pem, path string) {
	t.Helper()
	authority, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(path, authority.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return string(authority.PEM()), path
}

// ofMode are the arguments of helm for each mode.
func ofMode(t *testing.T) map[string][]string {
	t.Helper()
	_, path := bundle(t)
	return map[string][]string{
		"Own":         {"--values=" + example},
		"CertManager": {"--values=" + example, "--set=webhook.certificate.mode=CertManager"},
		"Secret":      {"--values=" + example, "--set=webhook.certificate.mode=Secret,webhook.certificate.secretName=mine", "--set-file=webhook.certificate.caBundle=" + path},
	}
}

// TestEachModeHasItsSecretAndOnlyTheOwnItsRights: nobody may read a Secret or
// change the webhook's configuration for a feature that is off.
func TestEachModeHasItsSecretAndOnlyTheOwnItsRights(t *testing.T) {
	secrets := map[string]string{"Own": "registry-failover-webhook-certificate", "CertManager": "registry-failover-webhook-tls", "Secret": "mine"}
	for mode, arguments := range ofMode(t) {
		t.Run(mode, func(t *testing.T) {
			all := render(t, append(arguments, "--set=operator.subjects[0].kind=Group,operator.subjects[0].name=oncall")...)
			pod := get[appsv1.Deployment](t, all, "Deployment", "registry-failover-webhook").Spec.Template.Spec
			at := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == "certificate" })
			if got := pod.Volumes[at].Secret.SecretName; got != secrets[mode] {
				t.Errorf("the webhook mounts %s", got)
			}
			issues := slices.Contains(get[appsv1.Deployment](t, all, "Deployment", "registry-failover-controller").Spec.Template.Spec.Containers[0].Args, "--webhook-certificate")
			may := slices.ContainsFunc(rights(t, all)["ServiceAccount registry-failover registry-failover-controller"], func(right string) bool {
				return strings.Contains(right, "secrets") || strings.Contains(right, "mutatingwebhookconfigurations")
			})
			if own := mode == "Own"; issues != own || may != own {
				t.Errorf("the controller issues it: %t, and has the rights: %t", issues, may)
			}
		})
	}
}

func TestWhoTellsTheAPIServerWhomToTrust(t *testing.T) {
	pem, path := bundle(t)
	arguments := ofMode(t)
	arguments["Secret"][2] = "--set-file=webhook.certificate.caBundle=" + path
	type told struct{ injectFrom, caBundle string }
	for mode, want := range map[string]told{
		"Own": {}, "CertManager": {injectFrom: "registry-failover/registry-failover-webhook"}, "Secret": {caBundle: pem},
	} {
		c := get[admissionregistrationv1.MutatingWebhookConfiguration](t, render(t, arguments[mode]...), "MutatingWebhookConfiguration", "registry-failover")
		for _, w := range c.Webhooks {
			if got := (told{c.Annotations["cert-manager.io/inject-ca-from"], string(w.ClientConfig.CABundle)}); got != want {
				t.Errorf("%s, %s: %+v", mode, w.Name, got)
			}
		}
	}
}

// TestCertManagerIsAskedForACAAndACertificate can't ask cert-manager, which no
// test here runs. The fields are those of cert-manager.io/v1 at 1.21, by whose
// own types these objects were decoded strictly when they were written.
func TestCertManagerIsAskedForACAAndACertificate(t *testing.T) {
	type object = map[string]any
	issuer := func(name string) object { return object{"group": "cert-manager.io", "kind": "Issuer", "name": name} }
	key := func(rotation string) object {
		return object{"algorithm": "ECDSA", "size": float64(256), "rotationPolicy": rotation}
	}
	want := map[string]any{
		"Issuer registry-failover-webhook-self-signed": object{"selfSigned": object{}},
		"Certificate registry-failover-webhook-ca": object{
			"isCA": true, "commonName": "registry-failover-webhook CA", "secretName": "registry-failover-webhook-ca",
			"duration": "87600h", "privateKey": key("Never"), "issuerRef": issuer("registry-failover-webhook-self-signed"),
		},
		"Issuer registry-failover-webhook-ca": object{"ca": object{"secretName": "registry-failover-webhook-ca"}},
		"Certificate registry-failover-webhook": object{
			"secretName": "registry-failover-webhook-tls",
			"dnsNames":   []any{"registry-failover-webhook.registry-failover.svc", "registry-failover-webhook.registry-failover.svc.example.internal"},
			"usages":     []any{"digital signature", "server auth"}, "duration": "8760h", "renewBefore": "2920h",
			"privateKey": key("Always"), "issuerRef": issuer("registry-failover-webhook-ca"),
		},
	}
	for mode, arguments := range ofMode(t) {
		got := map[string]any{}
		for _, o := range render(t, append(arguments, "--set=config.cluster.domain=example.internal")...) {
			if o.GetAPIVersion() == "cert-manager.io/v1" {
				got[o.GetKind()+" "+o.GetName()] = o.Object["spec"]
			}
		}
		if mode != "CertManager" {
			if len(got) > 0 {
				t.Errorf("%s: there is %v", mode, got)
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestValuesOfACertificateThatContradict(t *testing.T) {
	_, path := bundle(t)
	const (
		mode = "--set=webhook.certificate.mode="
		name = "--set=webhook.certificate.secretName="
		text = "--set=webhook.certificate.caBundle="
	)
	file := "--set-file=webhook.certificate.caBundle=" + path
	for sentence, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"a Secret for the controller's":  {[]string{name + "mine"}, "\nwebhook.certificate.secretName: belongs to mode Secret: remove it, or change webhook.certificate.mode from Own to Secret\n"},
		"a bundle for the controller's":  {[]string{file}, "\nwebhook.certificate.caBundle: belongs to mode Secret: remove it, or change webhook.certificate.mode from Own to Secret\n"},
		"a Secret for cert-manager's":    {[]string{mode + "CertManager", name + "mine"}, "\nwebhook.certificate.secretName: belongs to mode Secret: remove it, or change webhook.certificate.mode from CertManager to Secret\n"},
		"a bundle for cert-manager's":    {[]string{mode + "CertManager", file}, "\nwebhook.certificate.caBundle: belongs to mode Secret: remove it, or change webhook.certificate.mode from CertManager to Secret\n"},
		"no Secret's name":               {[]string{mode + "Secret", file}, "\nwebhook.certificate.secretName is empty: name the Secret in the release's namespace that holds tls.crt and tls.key, or set webhook.certificate.mode to Own\n"},
		"no bundle":                      {[]string{mode + "Secret", name + "mine"}, "\nwebhook.certificate.caBundle is empty: write the certificates of the CAs that the API server shall trust, in PEM\n"},
		"a bundle in base64":             {[]string{mode + "Secret", name + "mine", text + "LS0tLS1CRUdJTg=="}, "\nwebhook.certificate.caBundle: must be certificates in PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, and nothing else\n"},
		"the controller's Secret":        {[]string{mode + "Secret", name + "registry-failover-webhook-certificate", file}, "\nwebhook.certificate.secretName: \"registry-failover-webhook-certificate\" is a Secret of another mode, which goes with the release: give yours another name\n"},
		"a mode that doesn't exist":      {[]string{mode + "own"}, "at '/webhook/certificate/mode': value must be one of 'Own', 'CertManager', 'Secret'"},
		"a Secret's name with a slash":   {[]string{mode + "Secret", name + "a/b", file}, "at '/webhook/certificate/secretName': 'a/b' does not match pattern"},
		"a key beside the certificate's": {[]string{"--set=webhook.certificate.secret=x"}, "at '/webhook/certificate': additional properties 'secret' not allowed"},
	} {
		t.Run(sentence, func(t *testing.T) {
			output, err := template(t, append([]string{"--values=" + example}, test.arguments...)...)
			if err == nil || !strings.Contains(output, test.want) {
				t.Errorf("helm says %v: %.600s", err, output)
			}
		})
	}
}
