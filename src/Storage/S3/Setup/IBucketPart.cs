namespace GrainVault.Storage.S3.Setup;

/// <summary>One thing that a bucket has to be told.</summary>
internal interface IBucketPart
{
    /// <summary>Its name in a <see cref="SetupLine"/>.</summary>
    string Thing { get; }

    /// <summary>What the operator does where the server's S3 API has nothing of the kind.</summary>
    string AdviceOf(S3Dialect dialect);

    /// <summary>Looks, and sets what is not as it has to be.</summary>
    /// <param name="isApplied">False to look only.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <exception cref="Amazon.Runtime.AmazonServiceException">What the server said; the caller knows what it means.</exception>
    Task<SetupLine> RunAsync(bool isApplied, CancellationToken cancellationToken);
}
