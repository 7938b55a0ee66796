using GrainVault.Options;
using GrainVault.Silo.Options;
using GrainVault.Silo.Startup;
using GrainVault.Storage.S3.Setup;

namespace GrainVault.Silo.Store;

/// <summary>What a bucket has to be told, by the configuration that the system itself runs with.</summary>
public static class BucketPlans
{
    /// <summary>Reads the plan.</summary>
    /// <exception cref="StartRefusedException">A value is wrong.</exception>
    public static BucketPlan Read(IConfiguration configuration)
    {
        var pages = OptionsReader.Read<StorePagesOptions>(configuration, StorePagesOptions.Section);
        var events = OptionsReader.Read<StoreEventsOptions>(configuration, StoreEventsOptions.Section);
        return new BucketPlan
        {
            UploadLifetime = OptionsReader.Read<LimitsOptions>(configuration, LimitsOptions.Section).UploadLifetime,
            Origins = pages.Origins,
            PreflightMaxAge = pages.PreflightMaxAge,
            Events = events.Secret is { } secret
                ? new BucketEvents(events.Url is { } url ? new Uri(url) : null, secret, events.TargetArn, events.SnsTopics.FirstOrDefault())
                : null,
        };
    }
}
