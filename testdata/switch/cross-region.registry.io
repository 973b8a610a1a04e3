to: hangzhou/public
from: privatezone
share: 10
reason: zhangjiakou pulls time out
set-by: oncall
until: 2026-11-23T02:00:00Z
