package alibaba

import "testing"

func TestAddresses(t *testing.T) {
	public, vpc := PublicAddresses("cn-zhangjiakou"), VPCAddresses("cn-zhangjiakou")
	for _, test := range []struct{ got, want string }{
		{public.PrivateZone, "pvtz.aliyuncs.com"},
		{public.STS, "sts.cn-zhangjiakou.aliyuncs.com"},
		{PublicAddresses("").STS, "sts.aliyuncs.com"},
		{public.Registry("cn-hangzhou"), "cr.cn-hangzhou.aliyuncs.com"},
		{vpc.PrivateZone, "pvtz.vpc-proxy.aliyuncs.com"},
		{vpc.STS, "sts-vpc.cn-zhangjiakou.aliyuncs.com"},
		{vpc.Registry("cn-zhangjiakou"), "cr-vpc.cn-zhangjiakou.aliyuncs.com"},
		{vpc.Registry("cn-hangzhou"), "cr.cn-hangzhou.aliyuncs.com"}, // another region's answers in its own VPCs only
	} {
		if test.got != test.want {
			t.Errorf("got %s, want %s", test.got, test.want)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"https://pvtz.aliyuncs.com": "pvtz.aliyuncs.com", "https://127.0.0.1:8443/": "127.0.0.1:8443", "https://[::1]:8443": "[::1]:8443",
		"http://pvtz.aliyuncs.com": "", "pvtz.aliyuncs.com": "", "https://": "", "https://:8443": "", "https://a@b": "", "https://a/b": "", "https://a?b": "", "": "", "https://a#b": "",
	} {
		if got, err := ParseAddress(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}
