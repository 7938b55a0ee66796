using GrainVault.Silo.Options;
using GrainVault.Silo.Startup;
using Microsoft.Extensions.Primitives;

namespace GrainVault.Api.Auth;

/// <summary>Where signing keys come from: the configuration, or, in embedded mode without any there, the data directory.</summary>
internal sealed class SigningKeySource(IConfiguration configuration, GrainClusterOptions cluster, DataOptions data, TimeProvider time)
{
    // A key verifies this much longer than any token of its lives, for clocks that differ.
    private static readonly TimeSpan OverlapMargin = TimeSpan.FromHours(1);

    /// <summary>Refuses front ends that would each make keys of their own.</summary>
    /// <exception cref="StartRefusedException">There are no keys where there must be some.</exception>
    public static void RefuseNoKeys(AuthOptions options, GrainClusterOptions cluster)
    {
        if (options.SigningKeys.Count > 0 || cluster.Mode == ClusterMode.Embedded)
            return;
        throw new StartRefusedException(
            $"{OptionsReader.Root}:{AuthOptions.Section}:SigningKeys is empty; outside embedded mode every front end needs the same keys: "
            + "a Kid and a Secret of at least 32 random bytes in base64 each, the signing key first.");
    }

    /// <summary>Fires once when the configuration changes.</summary>
    public IChangeToken Changes => configuration.GetReloadToken();

    /// <summary>The keys, the one that signs first, as the configuration is now.</summary>
    /// <exception cref="StartRefusedException">There are none where there must be some, or they can't be used.</exception>
    public IReadOnlyList<SigningKey> Load()
    {
        var options = OptionsReader.Read<AuthOptions>(configuration, AuthOptions.Section);
        if (options.SigningKeys.Count > 0)
            return options.SigningKeys.ConvertAll(key => new SigningKey(key.Kid, SigningKey.DecodeSecret(key.Secret)!, DateTimeOffset.MinValue));
        RefuseNoKeys(options, cluster);
        var path = Path.Combine(data.FullPath, SigningKeyFile.FileName);
        try
        {
            return new SigningKeyFile(path, options.KeyRotation, options.AccessTokenLifetime + OverlapMargin, time).Load();
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(exception.Message, exception);
        }
    }
}
