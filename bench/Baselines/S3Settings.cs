using Amazon.Runtime;
using Amazon.S3;

namespace GrainVault.Bench.Baselines;

/// <summary>The S3 client of the baselines, set up as the AWS documentation recommends for a plain-http endpoint.</summary>
internal static class S3Settings
{
    public static string Bucket => Required("BASELINE_S3_BUCKET");

    public static AmazonS3Client CreateClient() => new(
        new BasicAWSCredentials(Required("BASELINE_S3_ACCESS_KEY"), Required("BASELINE_S3_SECRET_KEY")),
        new AmazonS3Config
        {
            ServiceURL = Required("BASELINE_S3_ENDPOINT"),
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    public static string Required(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set");
}
