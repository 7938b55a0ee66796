using GrainVault.Silo.Startup;
using Microsoft.Extensions.Options;

namespace GrainVault.Api.Auth;

/// <summary>Where signing keys come from: the configuration, or, in embedded mode without any there, the data directory.</summary>
internal sealed class SigningKeySource(IOptionsMonitor<AuthOptions> options, IConfiguration configuration, TimeProvider time)
{
    // A key verifies this much longer than any token of its lives, for clocks that differ.
    private static readonly TimeSpan OverlapMargin = TimeSpan.FromHours(1);

    /// <summary>The keys, the one that signs first.</summary>
    /// <exception cref="StartRefusedException">There are none where there must be some, or the key file can't be used.</exception>
    public IReadOnlyList<SigningKey> Load()
    {
        var current = options.CurrentValue;
        if (current.SigningKeys.Count > 0)
            return current.SigningKeys.ConvertAll(key => new SigningKey(key.Kid, SigningKey.DecodeSecret(key.Secret)!, DateTimeOffset.MinValue));
        var mode = configuration["GrainVault:Cluster:Mode"] ?? "embedded";
        if (!string.Equals(mode, "embedded", StringComparison.OrdinalIgnoreCase))
        {
            throw new StartRefusedException(
                $"{AuthOptions.Section}:SigningKeys is empty; with Cluster:Mode '{mode}' every front end needs the same keys: "
                + "{Kid, Secret} with at least 32 random bytes in base64, the signing one first.");
        }

        var folder = Path.GetFullPath(configuration["GrainVault:Data:Directory"] is { Length: > 0 } directory ? directory : ".data");
        var file = new SigningKeyFile(Path.Combine(folder, SigningKeyFile.FileName), current.KeyRotation, current.AccessTokenLifetime + OverlapMargin, time);
        try
        {
            return file.Load();
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(exception.Message, exception);
        }
    }
}
