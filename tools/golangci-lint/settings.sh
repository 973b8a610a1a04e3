takes='up to 10 minutes'
