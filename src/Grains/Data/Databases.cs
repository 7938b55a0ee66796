using GrainVault.Audit;
using GrainVault.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GrainVault.Data;

/// <summary>Accounts, logins and revocations.</summary>
public sealed class IdentityDatabase(
    [FromKeyedServices(IdentityDatabase.Key)] NpgsqlDataSource source,
    ILogger<IdentityDatabase> logger,
    Breakers? breakers = null) : Database(source, Key, logger, breakers ?? Breakers.Unobserved)
{
    /// <summary>Service key of the <see cref="NpgsqlDataSource"/>, and the schema's name.</summary>
    public const string Key = "identity";
}

/// <summary>Files, the ledger of objects and upload sessions.</summary>
public sealed class CatalogueDatabase(
    [FromKeyedServices(CatalogueDatabase.Key)] NpgsqlDataSource source,
    ILogger<CatalogueDatabase> logger,
    Breakers? breakers = null) : Database(source, Key, logger, breakers ?? Breakers.Unobserved)
{
    /// <summary>Service key of the <see cref="NpgsqlDataSource"/>, and the schema's name.</summary>
    public const string Key = "catalogue";

    /// <inheritdoc/>
    private protected override string? Audited(AuditNote? note) => AuditContext.Now(note);
}
