using Amazon.Runtime;
using Amazon.Runtime.Credentials;

namespace GrainVault.Storage.S3;

/// <summary>The keys that requests are signed with, and how long they last.</summary>
/// <param name="given">Keys from the configuration or a test; null for the AWS chain.</param>
/// <param name="config">Settings of the client that signs.</param>
internal sealed class S3Credentials(AWSCredentials? given, IClientConfig config)
{
    /// <summary>
    /// How long a URL may live that temporary keys sign whose end nobody tells: the shortest session that AWS gives
    /// (DurationSeconds of AssumeRole is 900 or more).
    /// </summary>
    public static readonly TimeSpan UnknownLifetimeMax = TimeSpan.FromMinutes(15);

    /// <summary>When a URL that is signed now must end at the latest; null for keys that last.</summary>
    public async ValueTask<DateTimeOffset?> EndAsync(DateTimeOffset now)
    {
        if (given is BasicAWSCredentials)
            return null;
        // The chain is cached by the SDK: these are the very credentials that the client signs with.
        var credentials = given ?? await DefaultAWSCredentialsIdentityResolver.GetCredentialsAsync(config).ConfigureAwait(false);
        // Renews them when they are about to end, so the time below is that of the ones in use.
        var keys = await credentials.GetCredentialsAsync().ConfigureAwait(false);
        if (credentials.Expiration is { } expiration)
            return new DateTimeOffset(expiration.ToUniversalTime());
        return keys.UseToken ? now + UnknownLifetimeMax : null;
    }
}
