using GrainVault.Silo.Options;
using GrainVault.Storage;

namespace GrainVault.Silo.Store;

/// <summary>Registration of the look at the bucket.</summary>
internal static class BucketCheckExtensions
{
    /// <summary>Adds the keys that tell what a bucket needs; front ends without a silo know them too.</summary>
    public static void AddStoreEventKeys(this IHostApplicationBuilder builder)
    {
        builder.KnownKeys().Add(StoreEventsOptions.Section, typeof(StoreEventsOptions), isWholeSection: false);
        builder.KnownKeys().Add(StorePagesOptions.Section, typeof(StorePagesOptions), isWholeSection: false);
    }

    /// <summary>Adds the look at the bucket after start, where there is one.</summary>
    public static void AddBucketCheck(this IHostApplicationBuilder builder)
    {
        if (builder.Configuration[$"{ObjectsOptions.Section}:{nameof(ObjectsOptions.Provider)}"] != ObjectsOptions.S3Provider)
            return;
        builder.Services.AddSingleton(BucketPlans.Read(builder.Configuration));
        builder.Services.AddHostedService<BucketCheck>();
    }
}
