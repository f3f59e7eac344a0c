# The server of one side. Flags of compose.yaml say which side; the key and the tokens are in a secret file.
server               = true
primary_datacenter   = "dc1"
disable_update_check = true
log_level            = "warn"

# A side that is alone accepts what it knows already; new tokens come from dc1 only.
acl {
  enabled                  = true
  default_policy           = "deny"
  down_policy              = "extend-cache"
  enable_token_replication = true
}

ports {
  dns      = 53
  grpc     = -1
  grpc_tls = -1
}

connect {
  enabled = false
}

performance {
  raft_multiplier = 1
}

telemetry {
  prometheus_retention_time = "2m"
}
