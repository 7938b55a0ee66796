namespace GrainVault.Silo.Cluster;

/// <summary>What makes a process a member of one cluster and of no other.</summary>
/// <param name="ClusterId">Name of the cluster as silos write it into the member table.</param>
/// <param name="ServiceId">Name under which reminders and grain state are kept.</param>
/// <param name="Secrets">The secrets that this process holds.</param>
internal sealed record ClusterIdentity(string ClusterId, string ServiceId, ClusterSecrets Secrets);
