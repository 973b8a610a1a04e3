{"version":1,"lastSwitch":"hangzhou","zones":{"vpc-aaaaa":{"addresses":["10.1.0.10"]},"vpc-bbbbb":{"cname":"a-registry.cn-hangzhou.cr.aliyuncs.com"}},"linked":{"zhangjiakou":["10.2.0.10"]}}
