using Amazon.S3;
using Amazon.S3.Model;

namespace GrainVault.Storage.S3.Setup;

/// <summary>CORS rules: configured pages may read and send, and see the ETag, which they need to complete an upload.</summary>
internal sealed class BucketCors(IAmazonS3 client, string bucket, BucketPlan plan) : IBucketPart
{
    public const string RuleId = "grainvault";

    private const string Exposed = "ETag";

    private static readonly string[] Methods = ["GET", "PUT", "HEAD"];

    public string Thing => "cors";

    public string AdviceOf(S3Dialect dialect) => StoreAdvice.Cors(dialect);

    public async Task<SetupLine> RunAsync(bool isApplied, CancellationToken cancellationToken)
    {
        var rules = await GetAsync(cancellationToken).ConfigureAwait(false);
        if (FindFault(rules) is not { } fault)
            return new SetupLine(Thing, SetupState.Ok, Summary);
        if (!isApplied)
            return new SetupLine(Thing, SetupState.Missing, fault);
        await PutAsync([.. OursIfAny(), .. rules.Where(rule => rule.Id != RuleId)], cancellationToken).ConfigureAwait(false);
        return FindFault(await GetAsync(cancellationToken).ConfigureAwait(false)) is { } left
            ? new SetupLine(Thing, SetupState.Missing, $"still after it was set: {left}")
            : new SetupLine(Thing, SetupState.Set, Summary);
    }

    /// <summary>Null when every page may do what it needs, and no more pages than are configured.</summary>
    internal string? FindFault(List<CORSRule> rules)
    {
        if (rules.Find(rule => rule.Id == RuleId) is { } ours && Surplus(ours) is { } surplus)
            return $"lets {surplus} in, which is not in Cors:Origins";
        foreach (var origin in plan.Origins)
        {
            foreach (var method in Methods)
            {
                // The first rule that fits decides (S3 User Guide, "How does Amazon S3 evaluate the CORS configuration").
                var rule = rules.Find(rule => Has(rule.AllowedOrigins, origin) && rule.AllowedMethods?.Contains(method) == true);
                if (rule is null)
                    return $"no rule lets {origin} {method}";
                if (rule.ExposeHeaders?.Contains(Exposed, StringComparer.OrdinalIgnoreCase) != true)
                    return $"the first rule for {method} from {origin} does not expose {Exposed}";
                if (!Has(rule.AllowedHeaders, "content-type"))
                    return $"the first rule for {method} from {origin} does not allow Content-Type";
            }
        }

        return null;
    }

    private string Summary => plan.Origins.Count == 0
        ? "Cors:Origins names no page, and none is let in for it"
        : $"{string.Join(", ", plan.Origins)} may {string.Join(", ", Methods)} and see {Exposed}";

    private string? Surplus(CORSRule ours) => (ours.AllowedOrigins ?? []).Find(origin => !plan.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase));

    /// <summary>First of all rules, so that no wider one of others hides the ETag.</summary>
    private IEnumerable<CORSRule> OursIfAny()
    {
        if (plan.Origins.Count > 0)
        {
            yield return new CORSRule
            {
                Id = RuleId,
                AllowedOrigins = [.. plan.Origins],
                AllowedMethods = [.. Methods],
                AllowedHeaders = ["*"],
                ExposeHeaders = [Exposed],
                MaxAgeSeconds = (int)plan.PreflightMaxAge.TotalSeconds,
            };
        }
    }

    private async Task<List<CORSRule>> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.GetCORSConfigurationAsync(new GetCORSConfigurationRequest { BucketName = bucket }, cancellationToken).ConfigureAwait(false);
            return answer.Configuration?.Rules ?? [];
        }
        catch (AmazonS3Exception e) when (e.ErrorCode is "NoSuchCORSConfiguration")
        {
            return [];
        }
    }

    private Task PutAsync(List<CORSRule> rules, CancellationToken cancellationToken) => rules.Count == 0
        ? client.DeleteCORSConfigurationAsync(new DeleteCORSConfigurationRequest { BucketName = bucket }, cancellationToken)
        : client.PutCORSConfigurationAsync(new PutCORSConfigurationRequest { BucketName = bucket, Configuration = new CORSConfiguration { Rules = rules } }, cancellationToken);

    /// <summary>True when one of the patterns, with at most one <c>*</c> each, fits.</summary>
    private static bool Has(List<string>? patterns, string text) => (patterns ?? []).Exists(pattern =>
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0
            ? string.Equals(pattern, text, StringComparison.OrdinalIgnoreCase)
            : text.Length >= pattern.Length - 1
                && text.StartsWith(pattern[..star], StringComparison.OrdinalIgnoreCase)
                && text.EndsWith(pattern[(star + 1)..], StringComparison.OrdinalIgnoreCase);
    });
}
