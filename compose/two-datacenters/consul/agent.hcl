# The agent of a node. It serves DNS for the domain consul and asks the machine's resolvers for everything else.
primary_datacenter   = "dc1"
disable_update_check = true
log_level            = "warn"
leave_on_terminate   = true

acl {
  enabled        = true
  default_policy = "deny"
  down_policy    = "extend-cache"
}

ports {
  dns      = 53
  grpc     = -1
  grpc_tls = -1
}

# No TTL: a client asks again for each connection, so a failover counts at once.
dns_config {
  service_ttl = {
    "*" = "0s"
  }
  # A degraded node stays in the answers.
  only_passing = false
}

telemetry {
  prometheus_retention_time = "2m"
}
