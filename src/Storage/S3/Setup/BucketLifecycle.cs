using System.Globalization;
using Amazon.S3;
using Amazon.S3.Model;

namespace GrainVault.Storage.S3.Setup;

/// <summary>Lifecycle rules: the store aborts multipart uploads that nobody knows of any more, and no rule ends live sessions or files.</summary>
internal sealed class BucketLifecycle(IAmazonS3 client, string bucket, BucketPlan plan) : IBucketPart
{
    public const string RuleId = "grainvault-forgotten-uploads";

    private const string Prefix = ObjectKeys.ContentPrefix;

    public string Thing => "lifecycle";

    public string AdviceOf(S3Dialect dialect) => StoreAdvice.Lifecycle(dialect, plan.AbortDays);

    public async Task<SetupLine> RunAsync(bool isApplied, CancellationToken cancellationToken)
    {
        var rules = await GetAsync(cancellationToken).ConfigureAwait(false);
        var state = SetupState.Ok;
        if (!rules.Exists(Suffices))
        {
            if (!isApplied)
                return new SetupLine(Thing, SetupState.Missing, Text($"no rule aborts unfinished multipart uploads under {Prefix} after {plan.AbortDays} days or more"));
            await PutAsync([.. rules.Where(rule => rule.Id != RuleId), Ours()], cancellationToken).ConfigureAwait(false);
            rules = await GetAsync(cancellationToken).ConfigureAwait(false);
            if (!rules.Exists(Suffices))
                return new SetupLine(Thing, SetupState.Missing, "the server has taken the rule and does not show it");
            state = SetupState.Set;
        }

        return rules.Select(FindHarm).FirstOrDefault(harm => harm is not null) is { } harm
            ? new SetupLine(Thing, SetupState.Wrong, harm)
            : new SetupLine(Thing, state, Text($"unfinished multipart uploads are aborted after {rules.Where(Suffices).Min(DaysOf)} days, and sessions end after {plan.UploadLifetime.TotalDays:0.##}"));
    }

    /// <summary>What a rule of anybody does that ends sessions or files; null for nothing.</summary>
    internal string? FindHarm(LifecycleRule rule)
    {
        if (rule.Status != LifecycleRuleStatus.Enabled || !Touches(rule))
            return null;
        if (DaysOf(rule) is { } days && days < plan.AbortDays)
            return Text($"rule '{rule.Id}' aborts uploads after {days} days; sessions need {plan.AbortDays}");
        return rule.Expiration is { Days: not null } or { Date: not null }
            ? $"rule '{rule.Id}' removes objects under {Prefix}, which are files that people keep"
            : null;
    }

    /// <summary>True when the rule aborts all of our forgotten uploads, and none too early.</summary>
    private bool Suffices(LifecycleRule rule) =>
        rule.Status == LifecycleRuleStatus.Enabled
        && Prefix.StartsWith(PrefixOf(rule), StringComparison.Ordinal)
        && rule.Filter is null or { And: null, Tag: null, LifecycleFilterPredicate: null or LifecyclePrefixPredicate }
        && DaysOf(rule) >= plan.AbortDays;

    private static bool Touches(LifecycleRule rule)
    {
        var prefix = PrefixOf(rule);
        return Prefix.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(Prefix, StringComparison.Ordinal);
    }

    private static int? DaysOf(LifecycleRule rule) => rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;

    /// <summary>Prefix of the keys that the rule is about, wherever its writer has put it.</summary>
    internal static string PrefixOf(LifecycleRule rule) => rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? PrefixOf(rule.Filter?.LifecycleFilterPredicate)
#pragma warning disable CS0618 // Rules from before there were filters have it here.
        ?? rule.Prefix
#pragma warning restore CS0618
        ?? "";

    private static string? PrefixOf(LifecycleFilterPredicate? predicate) => predicate switch
    {
        LifecyclePrefixPredicate one => one.Prefix,
        LifecycleAndOperator all => all.Operands?.Select(PrefixOf).FirstOrDefault(prefix => prefix is not null),
        _ => null,
    };

    private LifecycleRule Ours() => new()
    {
        Id = RuleId,
        Status = LifecycleRuleStatus.Enabled,
        Filter = new LifecycleFilter { Prefix = Prefix },
        AbortIncompleteMultipartUpload = new LifecycleRuleAbortIncompleteMultipartUpload { DaysAfterInitiation = plan.AbortDays },
    };

    private async Task<List<LifecycleRule>> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.GetLifecycleConfigurationAsync(new GetLifecycleConfigurationRequest { BucketName = bucket }, cancellationToken).ConfigureAwait(false);
            return answer.Configuration?.Rules ?? [];
        }
        catch (AmazonS3Exception e) when (e.ErrorCode is "NoSuchLifecycleConfiguration")
        {
            return [];
        }
    }

    private Task PutAsync(List<LifecycleRule> rules, CancellationToken cancellationToken) => client.PutLifecycleConfigurationAsync(
        new PutLifecycleConfigurationRequest { BucketName = bucket, Configuration = new LifecycleConfiguration { Rules = rules } }, cancellationToken);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
